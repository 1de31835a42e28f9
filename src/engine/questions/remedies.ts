import type { DaxDevice, Host, Mount } from '../model/host.ts';
import { blockAt, firstBlock, onlineRuns } from '../model/memory_block.ts';
import { refusesOffline } from '../device/kmem/kernel_pages.ts';
import { offlineBlock } from '../device/kmem/offline.ts';
import { definedOnly } from '../model/defined_only.ts';
import { hotplugLock, memoryRangesOf } from '../model/memory_range.ts';
import { deviceOf, mountsOn, pinsOfDevice, usersOf } from '../model/lookup.ts';
import type { CommandOf } from '../model/command.ts';
import { isRefusal, type Possible } from '../model/refusal.ts';
import { patchHost } from '../commands/patch_host.ts';
import { hostRecord, patch, type Transaction } from '../model/transaction.ts';
import { meet, type Call } from './call.ts';
import { bindsOf, thawsOf, upToFirst } from './clean_up.ts';
import { orderWords } from './clean_up_words.ts';
import type { Advice } from './record.ts';
import type { ImaginedRemoval } from './run_removal.ts';
import { whatIf } from './what_if.ts';

/** More blocks than this are not offlined one by one to see what comes of it. */
const BLOCKS_MAX = 1024;

/** What of a remedy a plan does. */
export type RemedyCommand = ActedCommand | CommandOf<'patch_memory_block'>;
type ActedCommand = CommandOf<'exit_process' | 'thaw' | 'umount' | 'unpin'>;

/**
 * Something that could be done before a removal. `act` does it, and is false where it cannot be done, or what is called does
 * not return or oopses the kernel.
 */
export interface Remedy extends Pick<Advice, 'action' | 'targets' | 'detail' | 'calls'> {
  readonly act: (tx: Transaction) => boolean;
  /** The calls, of what a plan does; else none: it has no removal kill those that can be stopped before (PLAN2). */
  readonly planned: readonly RemedyCommand[];
  /** What they may come to, where chance decides it in the kernel; `act` does what is asked for. */
  readonly possible?: readonly Possible[];
}

/** A remedy that is these calls: each has to return. A plan binds nothing (PLAN10). */
function by(calls: readonly Call[]): Pick<Remedy, 'act' | 'calls' | 'planned'> {
  const act = (tx: Transaction): boolean => calls.every((call) => meet(tx, call).does === 'ok');
  return { act, calls, planned: calls.every(isActed) ? calls : [] };
}

const ACTED: ReadonlySet<Call['type']> = new Set<ActedCommand['type']>([
  'exit_process',
  'thaw',
  'umount',
  'unpin',
]);

function isActed(call: Call): call is ActedCommand {
  return ACTED.has(call.type);
}

/** Allocation groups of mkfs.xfs's choice, and one: some kernels never end with more. */
const AGCOUNTS = [4, 1];

/** What the removal comes to without any. */
type Before = Pick<ImaginedRemoval, 'dax_device' | 'hazards' | 'waiting_on'>;

/** What there is to try on a device, whatever the kernel: which of it helps is for the simulation to say. */
export function remediesOf(tx: Transaction, now: Before): Remedy[] {
  const { host } = tx;
  const device = deviceOf(host, now.dax_device);
  return [
    ...umounts(tx, device),
    ...stops(tx, device, now),
    ...pinDrops(host, device),
    ...offlines(host, device),
    ...earlyKill(host),
    ...otherFileSystems(mountsOn(host, device)),
  ];
}

/** Of what a path leads to: what was detached already ends with its users. */
function umounts(tx: Transaction, device: DaxDevice): Remedy[] {
  const { host } = tx;
  const mounts = mountsOn(host, device).filter(({ state }) => state === 'mounted');
  if (mounts.length === 0) return [];
  const paths = mounts.map((mount) => mount.path);
  const unmounted = mounts.map(({ id }) => ({ type: 'umount', mount: id, lazy: false }) as const);
  const thaws = thawsBefore(tx, device);
  const first: Remedy = {
    action: 'umount_first',
    targets: paths,
    detail: `${thenWords(host, thaws)}unmount before the removal`,
    ...by([...thaws, ...unmounted]),
  };
  const pids = usersOf(host, device).map(({ pid }) => pid);
  if (pids.length === 0) return [first];
  const before = callsBefore(tx, thaws, pids);
  const both: Remedy = {
    action: 'stop_processes_and_umount',
    targets: [...pids.map(String), ...paths],
    detail: `${thenWords(host, before)}stop the processes that use the device, then unmount, before the removal`,
    ...by([...before, ...pids.map(exitOf), ...unmounted]),
  };
  return [first, both];
}

/** What its user froze thaws first, where it does: behind its umount nobody could thaw it (S38). */
function thawsBefore(tx: Transaction, device: DaxDevice): Call[] {
  return thawsOf(mountsOn(tx.host, device)).filter(
    (call) => whatIf(tx, (imagined) => meet(imagined, call)).does === 'ok',
  );
}

/** Only those that the hazards name, or all that use the device. */
function stops(tx: Transaction, device: DaxDevice, now: Before): Remedy[] {
  const { host } = tx;
  const all = usersOf(host, device).map(({ pid }) => pid);
  const named = new Set([...now.hazards, ...now.waiting_on].map(({ pid }) => pid));
  const some = all.filter((pid) => named.has(pid));
  const thaws = thawsBefore(tx, device);
  const after = now.hazards.some(({ kind, triggered_by }) => {
    return kind === 'kernel_oops' && triggered_by.includes('exit');
  });
  const warning = after ? ': after it, their exit oopses the kernel' : '';
  return [some, all]
    .filter((pids) => pids.length > 0)
    .map((pids): Remedy => {
      const before = callsBefore(tx, thaws, pids);
      return {
        action: 'stop_processes',
        targets: pids.map(String),
        detail: `${thenWords(host, before)}stop these processes before the removal${warning}`,
        ...by([...before, ...pids.map(exitOf)]),
      };
    });
}

/**
 * What goes before the end of processes: thaws, and where that end oopses, or never returns, other devices bound again,
 * which are gone under these processes (CLEAN2).
 */
function callsBefore(tx: Transaction, thaws: readonly Call[], pids: readonly number[]): readonly Call[] {
  const { host } = tx;
  const gone = [...host.tables.dax_devices.values()].filter(({ state }) => state !== 'bound');
  const ending = new Set(pids);
  const under = gone.filter((device) => usersOf(host, device).some(({ pid }) => ending.has(pid)));
  if (under.length === 0) return thaws;
  const ended = whatIf(tx, (imagined) => upToFirst(imagined, [...thaws, ...pids.map(exitOf)]));
  return ended.every(({ does }) => does === 'ok') ? thaws : [...under.flatMap(bindsOf), ...thaws];
}

function thenWords(host: Host, calls: readonly Call[]): string {
  return calls.length === 0 ? '' : `${orderWords(host, calls)}, then `;
}

function exitOf(pid: number): CommandOf<'exit_process'> {
  return { type: 'exit_process', pid };
}

function pinDrops(host: Host, device: DaxDevice): Remedy[] {
  const targets = pinsOfDevice(host, device.name).map(({ id }) => id);
  if (targets.length === 0) return [];
  const dropped = by(targets.map((pin) => ({ type: 'unpin', pin }) as const));
  return [{ action: 'drop_pins', targets, detail: 'drop these pins before the removal', ...dropped }];
}

/** M65: blocks that are offline go with the device. One by one, so only where they are not too many. */
function offlines(host: Host, device: DaxDevice): Remedy[] {
  const online = memoryRangesOf(host, device.name).flatMap((range) =>
    onlineRuns(range).flatMap((run) =>
      Array.from({ length: Math.min(run.nr_blocks, BLOCKS_MAX) }, (_, at) => ({ range, at: run.first + at })),
    ),
  );
  if (online.length === 0 || online.length >= BLOCKS_MAX) return [];
  const numbers = online.map(({ range, at }) => firstBlock(range) + at);
  const targets = numbers.map((number) => `memory${String(number)}`);
  const refusal = refusesOffline(
    online.map(({ range, at }) => blockAt(range, at)),
    device.name,
  );
  const possible = refusal?.possible;
  if (refusal !== null && possible === undefined) return [];
  const act = (tx: Transaction): boolean =>
    hotplugLock(tx.host) === null &&
    online.every(
      ({ range, at }) => offlineBlock(tx, memoryRangesOf(tx.host, range.dax_device)[0]!, at) === 'ok',
    );
  const may =
    possible === undefined
      ? ''
      : '; the kernel refuses with EBUSY where pages of its own are in one: no request offlines a block until a PATCH of it tells {"kernel_pages": false}';
  const detail = `offline these blocks before the removal${may}`;
  const calls = numbers.map((block): RemedyCommand => {
    return { type: 'patch_memory_block', dax_device: device.name, block, state: 'offline' };
  });
  const asked = { act, calls: possible === undefined ? calls : null, planned: calls };
  return [{ action: 'offline_memory_blocks', targets, detail, ...asked, ...definedOnly({ possible }) }];
}

function earlyKill(host: Host): Remedy[] {
  const { name, sysctl } = hostRecord(host);
  if (sysctl.memory_failure_early_kill === 1) return [];
  const command = { type: 'patch_host', sysctl: { memory_failure_early_kill: 1 } } as const;
  const act = (tx: Transaction): boolean => !isRefusal(patchHost(tx, command));
  const detail = 'set vm.memory_failure_early_kill to 1: processes that do not handle SIGBUS then die';
  return [{ action: 'set_early_kill', targets: [name], detail, act, calls: [command], planned: [] }];
}

function otherFileSystems(mounts: readonly Mount[]): Remedy[] {
  const used = mounts.filter((mount) => mount.dax !== 'never' && mount.partition === null);
  if (used.length === 0) return [];
  return AGCOUNTS.map((agcount): Remedy => {
    const detail = `use xfs with rmapbt=1 and agcount=${String(agcount)}, for the same files and processes: no request makes one that has them`;
    const targets = used.map((mount) => mount.path);
    const act = (tx: Transaction): boolean => asRmapbt(tx, used, agcount);
    return { action: 'mkfs_xfs_rmapbt', targets, detail, act, calls: null, planned: [] };
  });
}

function asRmapbt(tx: Transaction, mounts: readonly Mount[], agcount: number): boolean {
  const features = { fs_type: 'xfs', rmapbt: true, reflink: false, agcount } as const;
  for (const { id, file_system } of mounts) {
    patch(tx, 'mounts', id, { ...features, dax_holder: true });
    patch(tx, 'file_systems', file_system, features);
  }
  return true;
}
