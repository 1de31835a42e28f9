import { look, text } from './answer.ts';
import { removalNow } from './event.ts';
import type { Devices, MachineState, Observed } from './recording.ts';
import { hostPath, idOf } from './step.ts';
import type { Body, Check, Step, World } from './step.ts';
import { foundNoDax } from './topology.ts';
import type { RecordingView } from './view.ts';

/** What the machine looks like before the event: its devices, and what the counters that changed later were. */
export function beforeSteps(view: RecordingView): Step[] {
  const { state_before, counters_changed } = view.observed;
  return [
    ...(state_before === undefined ? [] : [machineStep(view, 'before', state_before)]),
    ...changedStep('before the event', counters_changed, 'before'),
  ];
}

/** Counters that changed, at one end of the change. */
export function changedStep(
  when: string,
  changed: Observed['counters_changed'],
  end: 'before' | 'after',
): Step[] {
  const checks = Object.entries(changed ?? {}).map(([counter, values]) =>
    counterCheck(when, counter, values[end]),
  );
  if (checks.length === 0) return [];
  return [{ label: `counters ${when}`, request: null, checks }];
}

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
    ...changedStep('after the event', observed.counters_changed, 'after'),
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
  const { nd_pmem, block, dax_pmem, dax } = devices;
  const check = (name: string, shown: Devices['dax'], isThere: DeviceTest): Check => ({
    name: `${name} ${when}`,
    class: 'core',
    expected: (shown ?? []).length > 0 ? 'there' : 'not there',
    actual: async ({ body }, world) => ((await isThere(body, world)) ? 'there' : 'not there'),
  });
  const hasParent: DeviceTest = (body) => !isBlock(body) && body.parent_bound === true;
  return [
    check('nd_pmem', nd_pmem, (body) => isBlock(body) && isLinked(body)),
    check('block device', block, hasDisk),
    // Soft-reserved memory has no dax_pmem above it.
    ...(dax_pmem === null && view.devdax ? [] : [check('dax_pmem', dax_pmem, hasParent)]),
    check('device node', dax, hasParent),
  ];
}

type DeviceTest = (device: Body, world: World) => boolean | Promise<boolean>;

function isBlock({ mode }: Body): boolean {
  return mode !== 'devdax' && mode !== 'system-ram';
}

/** What sysfs shows: a bind that never returns has linked the driver before its probe. */
function isLinked({ state, conditions }: Body): boolean {
  const told = (conditions ?? []) as readonly Body[];
  return state === 'bound' || told.some(({ type }) => type === 'bind_blocked');
}

/** While its driver is bound, and then until del_gendisk(), which a removal that never ends may not reach. */
async function hasDisk(device: Body, world: World): Promise<boolean> {
  if (!isBlock(device)) return false;
  if (device.state === 'bound') return true;
  if (typeof device.removal !== 'string') return false;
  const { body } = await world.call('GET', `/v1/removals/${device.removal}`);
  const steps = (body.steps ?? []) as readonly Body[];
  return steps.some(({ name, state }) => name === 'del_gendisk' && state === 'pending');
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
  const mount = mounts.find((listed) => listed.path === path && listed.state === 'mounted');
  if (mount === undefined) return 'not mounted';
  const mode = mount.read_only === true ? 'ro' : 'rw';
  return down && mount.fs_state === 'shutdown' ? `${mode} shutdown` : mode;
}

/**
 * Who can still read: those the removal's report calls stale. A removal that has not completed (or was
 * refused) has a file system behind it, and leaves readers that are no hazard: then only the reads count. Nor do readers
 * of the page cache reach the device.
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
          expected: stale_mappings.filter(reachesDevice(view)).sort().join(' '),
          actual: ({ body }, world) => staleNames(view, world, body),
        },
      ],
    },
  ];
}

function reachesDevice({ given }: RecordingView): (process: string) => boolean {
  return (process) => !foundNoDax(given, given.processes?.[process]?.file ?? '');
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
          world.log.some((logged) => pattern(logged) === pattern(line)) ? 'logged' : 'not logged',
      })),
    },
  ];
}

/** A log line with its numbers and addresses taken out. */
function pattern(line: string): string {
  return line.replace(/0x[0-9a-fN]+|\b[0-9a-f]{8,}\b|\d+|\bN\b/g, 'N').trim();
}
