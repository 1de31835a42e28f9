import type { DaxDevice, Host, Mount } from '../model/host.ts';
import { blockAt, firstBlock, mayHoldKernelPages, onlineRuns } from '../model/memory_block.ts';
import { offlineBlock } from '../device/kmem/offline.ts';
import { hotplugLock, memoryRangesOf } from '../model/memory_range.ts';
import { deviceOf, mountsOn, pinsOfDevice, usersOf } from '../model/lookup.ts';
import { isRefusal } from '../model/refusal.ts';
import { unpin } from '../commands/unpin.ts';
import { exitProcess } from '../commands/exit_process.ts';
import { hostRecord, patch, type Transaction } from '../model/transaction.ts';
import type { RemoveTrigger } from '../model/vocabulary.ts';
import type { Advice } from './record.ts';
import type { ImaginedRemoval } from './what_if.ts';

/** More blocks than this are not offlined one by one to see what comes of it. */
const BLOCKS_MAX = 1024;

/** Something that could be done before a removal. `act` does it, and is false where it cannot be done. */
export interface Remedy extends Pick<Advice, 'action' | 'targets' | 'detail'> {
  readonly act: (tx: Transaction) => boolean;
  /** How the removal is then asked for, where otherwise than now. */
  readonly trigger?: RemoveTrigger;
}

/** Allocation groups of mkfs.xfs's choice, and one: some kernels never end with more. */
const AGCOUNTS = [4, 1];

/** What there is to try on a device, whatever the kernel: which of it helps is for the simulation to say. */
export function remediesOf(tx: Transaction, now: ImaginedRemoval): Remedy[] {
  const { host } = tx;
  const device = deviceOf(host, now.dax_device);
  const mounts = mountsOn(host, device);
  return [
    ...umounts(host, device, mounts),
    ...stops(host, device, now),
    ...pinDrops(host, device),
    ...offlines(host, device),
    ...earlyKill(host),
    ...otherFileSystems(mounts),
  ];
}

function umounts(host: Host, device: DaxDevice, mounts: readonly Mount[]): Remedy[] {
  if (mounts.length === 0) return [];
  const paths = mounts.map((mount) => mount.path);
  const pids = usersOf(host, device).map(({ pid }) => pid);
  const trigger = 'orderly_removal';
  return [
    {
      action: 'umount_first',
      targets: paths,
      detail: 'unmount before the removal',
      trigger,
      act: () => true,
    },
    {
      action: 'stop_processes_and_umount',
      targets: [...pids.map(String), ...paths],
      detail: 'stop the processes that use the device, then unmount, before the removal',
      trigger,
      act: (tx) => pids.length > 0 && stop(tx, pids),
    },
  ];
}

/** Only those that the hazards name, or all that use the device. */
function stops(host: Host, device: DaxDevice, now: ImaginedRemoval): Remedy[] {
  const all = usersOf(host, device).map(({ pid }) => pid);
  const named = new Set([...now.hazards, ...now.waiting_on].map(({ pid }) => pid));
  const some = all.filter((pid) => named.has(pid));
  const after = now.hazards.some(({ kind, triggered_by }) => {
    return kind === 'kernel_oops' && triggered_by.includes('exit');
  });
  const warning = after ? ': after it, their exit oopses the kernel' : '';
  return [some, all].map(
    (pids): Remedy => ({
      action: 'stop_processes',
      targets: pids.map(String),
      detail: `stop these processes before the removal${warning}`,
      act: (tx) => pids.length > 0 && stop(tx, pids),
    }),
  );
}

function stop(tx: Transaction, pids: readonly number[]): boolean {
  return pids.every((pid) => !isRefusal(exitProcess(tx, { type: 'exit_process', pid })));
}

function pinDrops(host: Host, device: DaxDevice): Remedy[] {
  const pins = pinsOfDevice(host, device.name);
  if (pins.length === 0) return [];
  const targets = pins.map(({ id }) => id);
  const act = (tx: Transaction): boolean =>
    targets.every((pin) => !isRefusal(unpin(tx, { type: 'unpin', pin })));
  return [{ action: 'drop_pins', targets, detail: 'drop these pins before the removal', act }];
}

/** M65: blocks that are offline go with the device. One by one, so only where they are not too many. */
function offlines(host: Host, device: DaxDevice): Remedy[] {
  const online = memoryRangesOf(host, device.name).flatMap((range) =>
    onlineRuns(range).flatMap((run) =>
      Array.from({ length: Math.min(run.nr_blocks, BLOCKS_MAX) }, (_, at) => ({ range, at: run.first + at })),
    ),
  );
  if (online.length === 0 || online.length >= BLOCKS_MAX) return [];
  const targets = online.map(({ range, at }) => `memory${String(firstBlock(range) + at)}`);
  const act = (tx: Transaction): boolean =>
    hotplugLock(tx.host) === null &&
    online.every(
      ({ range, at }) =>
        blockAt(range, at).kernel_pages !== true &&
        offlineBlock(tx, memoryRangesOf(tx.host, range.dax_device)[0]!, at) === 'ok',
    );
  const chance = online.some(({ range, at }) => mayHoldKernelPages(blockAt(range, at)));
  const may = chance ? '; the kernel refuses with EBUSY where pages of its own are in one' : '';
  const detail = `offline these blocks before the removal${may}`;
  return [{ action: 'offline_memory_blocks', targets, detail, act }];
}

function earlyKill(host: Host): Remedy[] {
  const { name, sysctl } = hostRecord(host);
  if (sysctl.memory_failure_early_kill === 1) return [];
  const act = (tx: Transaction): boolean => {
    patch(tx, 'hosts', name, { sysctl: { ...sysctl, memory_failure_early_kill: 1 } });
    return true;
  };
  const detail = 'set vm.memory_failure_early_kill to 1: processes that do not handle SIGBUS then die';
  return [{ action: 'set_early_kill', targets: [name], detail, act }];
}

function otherFileSystems(mounts: readonly Mount[]): Remedy[] {
  const used = mounts.filter((mount) => mount.dax !== 'never' && mount.partition === null);
  if (used.length === 0) return [];
  return AGCOUNTS.map((agcount): Remedy => {
    const detail = `use xfs with rmapbt=1 and agcount=${String(agcount)}, for the same files and processes`;
    const targets = used.map((mount) => mount.path);
    return { action: 'mkfs_xfs_rmapbt', targets, detail, act: (tx) => asRmapbt(tx, used, agcount) };
  });
}

function asRmapbt(tx: Transaction, mounts: readonly Mount[], agcount: number): boolean {
  const features = { fs_type: 'xfs', rmapbt: true, reflink: false, agcount } as const;
  for (const { id, file_system } of mounts) {
    patch(tx, 'mounts', id, features);
    patch(tx, 'file_systems', file_system, features);
  }
  return true;
}
