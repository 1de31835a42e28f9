import { look, text } from '../answer.ts';
import type { Body } from '../step.ts';
import { deviceNow } from './devices.ts';
import { listOf } from './paths.ts';
import type { StepAnswer } from './recording.ts';
import { core } from './stage.ts';
import type { Act, Told } from './stage.ts';

/** Who has the device, what is mounted, what was counted, and whether the kernel has oopsed so far. */
export const state: Act = async (answer, _args, stage) => {
  const device = await deviceNow(stage);
  const host = await look(stage, '');
  const mounts = await listOf(stage, '/mounts?limit=200');
  return [
    ...deviceChecks(answer, device),
    mountsCheck(answer.mounts ?? [], mounts),
    core(
      answer.oopsed === true ? 'oopsed' : 'no oops',
      host.health === 'oopsed' ? 'oopsed' : 'no oops',
      'oopsed',
    ),
    ...Object.entries(answer.counters ?? {}).map(([name, value]) => counterCheck(name, value, host)),
  ];
};

function deviceChecks({ devices, iomem = [] }: StepAnswer, device: Body): readonly Told[] {
  const bound = (is: boolean): string => (is ? 'bound' : 'not bound');
  const has = (names: readonly string[] | null | undefined): boolean => (names ?? []).length > 0;
  if (device.mode === 'fsdax')
    return [core(bound(has(devices?.nd_pmem)), bound(hasDriver(device)), 'driver')];
  const parent = core(bound(has(devices?.dax_pmem)), bound(device.parent_bound === true), 'dax_pmem');
  const isHeld = iomem.some((line) => line.endsWith(': dax0.0'));
  const holds = device.mem_region === 'requested' || device.mem_region === 'leaked';
  return [parent, core(isHeld ? 'held' : 'released', holds ? 'held' : text(device.mem_region), 'iomem')];
}

/** A probe that never returns has its driver already. */
function hasDriver({ state: now, conditions }: Body): boolean {
  const isBlocked = (conditions as readonly Body[]).some(({ type }) => type === 'bind_blocked');
  return now === 'bound' || (now !== 'removing' && isBlocked);
}

/** Where something is mounted, and how; that a file system is shut down, only some kernels show. */
function mountsCheck(lines: readonly string[], mounts: readonly Body[]): Told {
  const seen = new Map(
    lines.map((line) => {
      const [, path = '', , options = ''] = line.split(' ');
      const told = options.split(',');
      return [path, `${told[0] ?? ''}${told.includes('shutdown') ? ' shutdown' : ''}`];
    }),
  );
  const shown = mounts
    .filter(({ state: now }) => now === 'mounted')
    .map((mount) => {
      const path = text(mount.path);
      const isShown = mount.fs_state === 'shutdown' && (seen.get(path) ?? '').endsWith('shutdown');
      return [path, `${mount.read_only === true ? 'ro' : 'rw'}${isShown ? ' shutdown' : ''}`] as const;
    });
  return core(sorted([...seen]), sorted(shown), 'mounts');
}

function sorted(entries: readonly (readonly [string, string])[]): string {
  const lines = entries.map(([path, how]) => `${path} ${how}`).sort();
  return lines.length === 0 ? 'none' : lines.join(', ');
}

/** `node0/failed`, of memory_failure(), or a counter of the machine; one below zero is what a wrapped one shows. */
function counterCheck(name: string, value: number, host: Body): Told {
  const [node = '', kind] = name.split('/');
  const counters = host.counters as Readonly<Record<string, unknown>>;
  const nodes = (counters.memory_failure ?? {}) as Readonly<
    Record<string, Readonly<Record<string, unknown>>>
  >;
  return core(countWords(value), countWords(kind === undefined ? counters[name] : nodes[node]?.[kind]), name);
}

const LARGEST = 2 ** 63;

function countWords(value: unknown): string {
  return typeof value === 'number' && (value > LARGEST || value < 0) ? 'wrapped' : String(value);
}
