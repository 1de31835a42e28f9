import type { KernelName } from '../model/vocabulary.ts';
import type { StepParameters } from '../model/removal.ts';
import { shownChange } from './change.ts';
import { columnOf, rowsOf, valueOf } from './column.ts';
import type { FactRow, Profile, Proposed, Steps, StepSpec } from './profile.ts';
import { DEVDAX_MEMORY_FAILURE, KMEM_MEMORY_FAILURE } from './steps/force_unmap.ts';
import { KERNEL_FUNCTIONS, type KernelFunction } from './steps/kernel_functions.ts';
import type { StepLists } from './steps/lists.ts';
import { STEP_PARAMETERS } from './steps/parameters.ts';
import { STEP_LISTS } from './steps/step_lists.ts';
import { FACTS } from './tables.ts';

type Kernel = Pick<Profile, 'released' | 'recorded' | 'baseline' | 'about'>;

// biome-ignore format: a table is read by its columns
const KERNELS: Readonly<Record<KernelName, Kernel>> = {
  'v5.10':             { released: true, recorded: true,  baseline: '5.10.223',                                           about: 'Linux 5.10, before the series: it unmaps nothing, and waits for every page reference.' },
  'force-unmap':       { released: false, recorded: false, baseline: 'SPEC.md FU1-FU12, else as v5.10',                    about: 'The series of March 2021 as its cover letter describes it: remove while mounted runs memory_failure() over the whole device.' },
  'force-unmap-v5.10': { released: false, recorded: true,  baseline: '5.10.223 + series',                                  about: 'The three patches as posted, on an otherwise unmodified 5.10.223.' },
  'force-unmap-v5.12': { released: false, recorded: true,  baseline: '5.10.223 + series + task_early_kill() of v5.12-rc', about: 'The patches as posted, with the process selection of their own base, v5.12-rc, on 5.10.223.' },
  'v6.1':              { released: true, recorded: true,  baseline: '6.1.192',                                            about: 'Linux 6.1: xfs with rmapbt is notified of the removal, and unmaps where it collected a process.' },
  'v6.12':             { released: true, recorded: true,  baseline: '6.12.95, recorded 6.12.117',                         about: 'Linux 6.12: MF_MEM_PRE_REMOVE; xfs with rmapbt unmaps everything, every file system is shut down.' },
  'v7.3':              { released: true, recorded: true,  baseline: '7.3.4',                                              about: 'Linux 7.3: as 6.12, but a stale entry is an ordinary one, so zapping it oopses; xfs with rmapbt and more than one AG never ends.' },
};

/** The proposed parameters of the letter, off by default (FU9, FU11). */
const PROPOSED: readonly Proposed[] = [
  {
    parameter: 'devdax_memory_failure',
    default: false,
    about: 'device-dax too gets the mass memory_failure() of a mounted fsdax device (FU9)',
    steps: stepsOf('force-unmap', DEVDAX_MEMORY_FAILURE),
  },
  {
    parameter: 'kmem_memory_failure',
    default: false,
    about: 'memory_failure() of online system RAM first, so that remove_memory() succeeds (FU11)',
    steps: asProposed(stepsOf('force-unmap', KMEM_MEMORY_FAILURE)),
  },
];

/** The kernels as data: a column of every table, and a list of steps for each kind of device. */
export const PROFILES: Readonly<Record<KernelName, Profile>> = {
  'v5.10': profile('v5.10'),
  'force-unmap': profile('force-unmap', PROPOSED),
  'force-unmap-v5.10': profile('force-unmap-v5.10'),
  'force-unmap-v5.12': profile('force-unmap-v5.12'),
  'v6.1': profile('v6.1'),
  'v6.12': profile('v6.12'),
  'v7.3': profile('v7.3'),
};

function profile(name: KernelName, proposed: readonly Proposed[] = []): Profile {
  const { about, baseline, released, recorded } = KERNELS[name];
  return {
    name,
    about,
    baseline,
    released,
    recorded,
    proposed,
    steps: stepsOf(name, columnOf(STEP_LISTS, name)),
    facts: columnOf(FACTS, name),
    rows: factRows(name),
  };
}

/** The lists in which a proposed parameter is turned on: each step that it concerns is told so. */
function asProposed(lists: Partial<Steps>): Partial<Steps> {
  const told = (step: StepSpec): StepSpec => {
    const concerned = step.name === 'kmem_memory_failure' || step.name === 'remove_memory';
    return concerned ? { ...step, parameters: { ...step.parameters, proposed: true } } : step;
  };
  return Object.fromEntries(Object.entries(lists).map(([kind, steps]) => [kind, steps.map(told)]));
}

function stepsOf<Lists extends Partial<StepLists>>(
  name: KernelName,
  lists: Lists,
): Pick<Steps, keyof Lists & keyof Steps> {
  const column: Partial<Record<KernelFunction, object>> = columnOf(STEP_PARAMETERS, name);
  const spec = (called: KernelFunction): StepSpec => {
    const [step, source] = KERNEL_FUNCTIONS[called];
    const parameters = parametersOf(column[called] ?? {});
    return { name: step, kernel_function: `${called}()`, source: `${source}, ${name}`, parameters };
  };
  const entries = Object.entries(lists).map(([kind, list]) => [kind, list.map(spec)]);
  return Object.fromEntries(entries) as Pick<Steps, keyof Lists & keyof Steps>;
}

/** Null stands where a kernel has no such call. */
function parametersOf(column: object): StepParameters {
  return Object.fromEntries(Object.entries(column).filter(([, value]) => value !== null));
}

/** Where a kernel has no such call, there is no row of it. */
function factRows(name: KernelName): FactRow[] {
  const steps = rowsOf(STEP_PARAMETERS, 'steps.').filter(([, row]) => valueOf(row, name) !== null);
  return [...rowsOf(FACTS), ...steps].map(([fact, row]) => ({
    fact,
    value: valueOf(row, name),
    source: `${row.source}, ${name} (${row.rules})`,
    changed_in: row.changed_in.map(shownChange),
  }));
}
