import { look, text } from './answer.ts';
import { removalNow } from './event.ts';
import type { Devices, MachineState } from './recording.ts';
import { hostPath, idOf } from './step.ts';
import type { Body, Check, Reply, Step, World } from './step.ts';
import type { RecordingView } from './view.ts';

/** What the machine looks like after the event and the accesses. */
export function stateSteps(view: RecordingView): Step[] {
  const { observed } = view;
  const state: MachineState = observed.state_after ?? {
    ...(observed.iomem_after === undefined ? {} : { iomem: observed.iomem_after }),
    ...(observed.devices_after === undefined ? {} : { devices: observed.devices_after }),
    ...(observed.counters === undefined ? {} : { counters: observed.counters }),
  };
  return [
    machineStep(view, 'after', state),
    ...mountSteps(observed.mounts_after ?? [], 'after'),
    ...staleSteps(view),
    ...healthStep(view),
    ...logStep(view),
  ];
}

/** Driver and memory region of the device, and the counters the host shows. */
export function machineStep(view: RecordingView, when: string, state: MachineState): Step {
  const checks: Check[] = [];
  if (state.devices !== undefined) checks.push(...driverChecks(view, when, state.devices));
  if (state.iomem !== undefined) {
    const owner = view.devdax ? ': dax0.0' : ': namespace0.0';
    checks.push({
      name: `iomem range ${when}`,
      class: 'core',
      expected: state.iomem.some((line) => line.endsWith(owner)) ? 'requested' : 'released',
      actual: ({ body }) => text(body.mem_region),
    });
  }
  for (const [counter, value] of Object.entries(state.counters ?? {}))
    checks.push(counterCheck(when, counter, value));
  return {
    label: `device ${when}`,
    request: (world) => world.call('GET', hostPath(world, `/dax-devices/${view.device}`)),
    checks,
  };
}

function driverChecks(view: RecordingView, when: string, devices: Devices): Check[] {
  if (!view.devdax) {
    const bound = (devices.nd_pmem ?? []).length > 0;
    const actual = ({ body }: Reply): string => (body.state === 'bound' ? 'bound' : 'not bound');
    return [{ name: `driver ${when}`, class: 'core', expected: bound ? 'bound' : 'not bound', actual }];
  }
  // The node of soft-reserved memory has no dax_pmem above it.
  if (devices.dax_pmem === null || devices.dax_pmem === undefined) return [];
  const expected = devices.dax_pmem.length > 0 ? 'bound' : 'not bound';
  const actual = ({ body }: Reply): string => (body.parent_bound === true ? 'bound' : 'not bound');
  return [{ name: `dax_pmem ${when}`, class: 'core', expected, actual }];
}

/** `HardwareCorrupted_kB`, or `node0/total`: nodeN/memory_failure/total. */
export function counterCheck(when: string, counter: string, value: unknown): Check {
  return {
    name: `counter ${counter} ${when}`,
    class: 'core',
    expected: counterWords(value),
    actual: async (_reply, world) => {
      const { counters } = (await look(world, '')) as { counters?: Body };
      const [node = '', word] = counter.split('/');
      if (word === undefined) return counterWords(counters?.[counter]);
      const failures = (counters?.memory_failure ?? {}) as Readonly<Record<string, Body>>;
      return counterWords(failures[node]?.[word]);
    },
  };
}

/** What no double holds exactly, and what the API shows below zero: an unsigned counter that wrapped. */
function counterWords(value: unknown): string {
  return typeof value === 'number' && (value < 0 || value > 2 ** 63) ? 'wrapped below zero' : text(value);
}

/** Lines of /proc/mounts: there, read-only or not, and shut down where the line says so. */
export function mountSteps(lines: readonly string[], when: string): Step[] {
  return lines.map((line) => {
    const [, path = '', , options = ''] = line.split(' ');
    const shown = options.split(',');
    const down = shown.includes('shutdown');
    return {
      label: `mount ${path} ${when}`,
      request: (world) => world.call('GET', hostPath(world, '/mounts?limit=500')),
      checks: [
        {
          name: `mount ${path} ${when}`,
          class: 'core',
          expected: `${shown[0] ?? '?'}${down ? ' shutdown' : ''}`,
          actual: ({ body }) => mountWords(body, path, down),
        },
      ],
    } satisfies Step;
  });
}

function mountWords(body: Body, path: string, down: boolean): string {
  const mounts = (body.items ?? []) as Body[];
  const mount = mounts.find((one) => one.path === path && one.state === 'mounted');
  if (mount === undefined) return 'not mounted';
  const mode = mount.read_only === true ? 'ro' : 'rw';
  return down && mount.fs_state === 'shutdown' ? `${mode} shutdown` : mode;
}

/**
 * Who can still read: those the removal's report calls stale. A removal that has not completed (or was
 * refused) has a file system behind it, and leaves readers that are no hazard: then only the reads count.
 */
function staleSteps(view: RecordingView): Step[] {
  const { stale_mappings, event } = view.observed;
  if (stale_mappings === undefined || event?.blocked === true || event?.still_bound !== undefined) return [];
  return [
    {
      label: 'stale mappings',
      request: removalNow,
      checks: [
        {
          name: 'stale mappings',
          class: 'core',
          expected: [...stale_mappings].sort().join(' '),
          actual: ({ body }, world) => staleNames(view, world, body),
        },
      ],
    },
  ];
}

function staleNames(view: RecordingView, world: World, removal: Body): string {
  const hazards = (removal.hazards ?? []) as { kind: string; pid: number | null }[];
  const pids = new Set(hazards.filter(({ kind }) => kind === 'stale_mapping').map(({ pid }) => pid));
  const names = view.processes.map(([name]) => name);
  return names
    .filter((name) => pids.has(Number(idOf(world, `pid:${name}`))))
    .sort()
    .join(' ');
}

/** Whether the guest's kernel oopsed by now. */
function healthStep(view: RecordingView): Step[] {
  if (view.observed.processes === undefined) return [];
  return [oopsStep('kernel oops', (view.observed.kernel_oopses ?? []).length > 0)];
}

export function oopsStep(name: string, oopsed: boolean): Step {
  return {
    label: name,
    request: (world) => world.call('GET', hostPath(world)),
    checks: [
      {
        name,
        class: 'core',
        expected: oopsed ? 'oopsed' : 'no oops',
        actual: ({ body }) => (body.health === 'oopsed' ? 'oopsed' : 'no oops'),
      },
    ],
  };
}

/** A WARNING alone is no oops, and neither are pages that print_bad_page_map() reports. */
export function isOops(lines: readonly string[]): boolean {
  return lines.some((line) =>
    /^(?:BUG: (?:unable to handle|kernel NULL)|Oops:|general protection)/.test(line),
  );
}

const KERNEL_LOG = /^(?:Memory failure|nd_pmem |XFS |EXT4-fs|JBD2|Buffer I\/O)/;
const WHILE_MOUNTING = /DAX enabled|DAX and reflink|DAX unsupported|mounted filesystem|Mounting|Ending clean/;

/** Patterns of the guest's log that come from the removal, found in the kernel_log of the answers. */
export function logStep(view: RecordingView): Step[] {
  const patterns = Object.keys(view.recording.raw?.dmesg_patterns ?? {});
  const told = patterns.filter((line) => KERNEL_LOG.test(line) && !WHILE_MOUNTING.test(line));
  if (told.length === 0) return [];
  return [
    {
      label: 'kernel log',
      request: async (world) => {
        const removal = await removalNow(world);
        const report = removal.body.report as { kernel_log?: string[] } | undefined;
        world.log.push(...(report?.kernel_log ?? []));
        return removal;
      },
      checks: told.map((line) => ({
        name: `log: ${line.slice(0, 60)}`,
        class: 'detail',
        expected: 'logged',
        actual: (_reply, world) =>
          world.log.some((own) => pattern(own) === pattern(line)) ? 'logged' : 'not logged',
      })),
    },
  ];
}

/** A log line with its numbers and addresses taken out. */
function pattern(line: string): string {
  return line.replace(/0x[0-9a-fN]+|\b[0-9a-f]{8,}\b|\d+|\bN\b/g, 'N').trim();
}
