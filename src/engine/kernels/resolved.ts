import type { StepParameters } from '../model/removal.ts';
import type { StepName } from '../model/vocabulary.ts';
import type { Change } from './change.ts';
import { isRow, rowsOf, type Table } from './column.ts';
import { assuming, type Evidence } from './evidence.ts';
import { NotResolved } from './not_resolved.ts';
import type { KernelInUse, Steps, StepSpec } from './profile.ts';
import type { Row } from './row.ts';
import { solve, type Has } from './solve.ts';
import { KERNEL_FUNCTIONS, type KernelFunction } from './steps/kernel_functions.ts';
import { STEP_PARAMETERS } from './steps/parameters.ts';
import { STEP_LISTS } from './steps/step_lists.ts';
import { FACTS, type Facts } from './tables.ts';
import { meet, type Choice } from './unsettled.ts';

/** Every row by its path, the parameters and the lists of the steps behind the facts. */
export const ALL_ROWS = [
  ...rowsOf(FACTS),
  ...rowsOf(STEP_PARAMETERS, 'steps.'),
  ...rowsOf(STEP_LISTS, 'lists.'),
];

/**
 * A kernel that is no profile: its facts and steps as far as they are known. A fact, a parameter of a step or a list
 * of steps is looked up when it is read; one that is not known is met then: who explores assumes a value of it, else
 * `Unsettled` is thrown. Of a kernel beyond all that are known each throws `NotResolved`.
 */
export function resolvedKernel(evidence: Evidence, assumed: ReadonlyMap<string, number>): KernelInUse {
  const { told, beyond, why } = evidence.release;
  const read = beyond ? notResolved(why) : reader(evidence, assumed);
  const spec = (called: KernelFunction): StepSpec => {
    const [name, source] = KERNEL_FUNCTIONS[called];
    return {
      name,
      kernel_function: `${called}()`,
      source: `${source}, ${told}`,
      parameters: parametersOf(called, read),
    };
  };
  const parametersOfStep = (step: StepName): StepParameters => {
    const called = TAKING.find((each) => KERNEL_FUNCTIONS[each][0] === step);
    return called === undefined ? {} : parametersOf(called, read);
  };
  const steps = lazily(Object.entries(STEP_LISTS), (kind, list) =>
    (read(`lists.${kind}`, list) as readonly KernelFunction[]).map(spec),
  );
  return { steps: steps as Steps, facts: viewOf(FACTS, '', read) as Facts, proposed: [], parametersOfStep };
}

const PARAMETERS: Partial<Record<KernelFunction, Table>> = STEP_PARAMETERS;

/** The calls that take parameters. */
const TAKING = Object.keys(PARAMETERS) as KernelFunction[];

/** What a call takes: null in its row is that the kernel has no such parameter. */
function parametersOf(called: KernelFunction, read: Read): StepParameters {
  const rows = rowsOf(PARAMETERS[called] ?? {});
  return lazily(rows, (name, row) => read(`steps.${called}.${name}`, row) ?? undefined);
}

type Read = (path: string, row: Row<unknown>) => unknown;

/** Reads no row. */
function notResolved(why: string): Read {
  return () => {
    throw new NotResolved(why);
  };
}

/** Reads rows: a value that is known, one whose known parts can be read, or a choice, which is met. */
function reader(evidence: Evidence, assumed: ReadonlyMap<string, number>): Read {
  const has = assuming(evidence, assumed);
  const known = (path: string, row: Row<unknown>, of?: (value: unknown) => unknown): unknown => {
    for (;;) {
      const { values, choice } = solve(row, has, of);
      if (choice === null) return values[0];
      meet(assumed, choiceOf(path, row, choice, has, evidence.probesFor(choice)));
    }
  };
  return (path, row) => {
    if (row.unrecorded !== undefined) return row.unrecorded;
    const { values, choice } = solve(row, has);
    if (choice === null) return values[0] ?? undefined;
    const names = partsOf(values);
    if (names === null) return known(path, row) ?? undefined;
    return lazily(
      names.map((name) => [name, row]),
      (name) => known(`${path}.${name}`, row, (value) => (value as Record<string, unknown>)[name]),
    );
  };
}

/** The members of values that are records: those of one row have the same members, as the effects at a PTE and at a PMD are. */
function partsOf(values: readonly unknown[]): string[] | null {
  const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!values.every(isRecord)) return null;
  return Object.keys(values[0] as object);
}

function viewOf(rows: Table, path: string, read: Read): object {
  return lazily(Object.entries(rows), (name, entry) =>
    isRow(entry) ? read(`${path}${name}`, entry) : viewOf(entry, `${path}${name}.`, read),
  );
}

/** An object whose members are made when they are read, and once. */
function lazily<Entry>(
  entries: readonly (readonly [string, Entry])[],
  make: (name: string, entry: Entry) => unknown,
): object {
  const made = {};
  for (const [name, entry] of entries) {
    Object.defineProperty(made, name, {
      enumerable: true,
      configurable: true,
      get: () => {
        const value = make(name, entry);
        Object.defineProperty(made, name, { enumerable: true, value });
        return value;
      },
    });
  }
  return made;
}

/** The choice of a change, with what the fact that was read is without it and with it, and what would settle it. */
export function choiceOf(
  path: string,
  row: Row<unknown>,
  change: Change,
  has: Has,
  probes: readonly string[],
): Choice {
  const others = factsChangedBy(change).filter((fact) => !path.startsWith(fact));
  const where = ALL_ROWS.find(([fact]) => path === fact || path.startsWith(`${fact}.`))![0];
  const part = path.slice(where.length + 1);
  const of = (value: unknown) => (part === '' ? value : (value as Record<string, unknown>)[part]);
  const labels = [false, true].map((there) => {
    const { values } = solve(row, (each) => (each.id === change.id ? there : has(each)), of);
    return values.map(spelled).join(' or ');
  });
  return {
    id: change.id,
    facts: [path, ...others],
    values: labels.map((label) => ({ label })),
    probes,
  };
}

/** Every fact that changes with a change. */
function factsChangedBy(change: Change): string[] {
  return ALL_ROWS.filter(([, row]) => row.changed_in.includes(change)).map(([fact]) => fact);
}

function spelled(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
