import { daxHolderOf } from '../../fs/dax_holder.ts';
import { append } from '../../model/append.ts';
import type { File, Mount } from '../../model/host.ts';
import { fileSystemOf, filesOf } from '../../model/lookup.ts';
import { levelPages, runs } from '../../model/mapping_table.ts';
import { HWPOISON_RANGES_MAX, setHwpoison } from '../../mm/hwpoison.ts';
import type { PfnRange } from '../../model/pfn_range.ts';
import { diskName } from '../../fs/partition.ts';
import { patchSuperblock, shutDownCorrupt } from '../../fs/superblock.ts';
import { emit, entriesOf } from '../../model/transaction.ts';
import { writeBack } from '../../fs/sync.ts';
import { fileSpace } from '../../mm/address_space.ts';
import { recordOops, strike } from '../../mm/process_end.ts';
import { announce, killProcs, massPlan } from '../../mm/kill_procs.ts';
import type { SignalRow } from '../../model/removal.ts';
import { deliver } from '../../mm/signals.ts';
import type { StepInput, StepOutput } from '../step.ts';
import { storeAgain, storingLoops, type StoringLoop } from '../storing.ts';

/** Of a group that is not there. */
const WALK_OOPSES_IN = 'xfs_alloc_read_agf';

/**
 * Notifies the holder that the whole device fails. Only xfs registers one; without rmapbt it answers EOPNOTSUPP, and
 * one that was shut down before walks nothing (B3). With rmapbt it walks the files in the order of their blocks, kills
 * and unmaps, then shuts down. Where the page count wraps the walk of the first such file never ends; where the length
 * is wrong the task oopses behind the last group, every file walked and nothing shut down (R54, by the source alone).
 * Source: fs/xfs/xfs_notify_failure.c xfs_dax_notify_failure(), mm/memory-failure.c mf_dax_kill_procs().
 */
export function daxHolderNotifyFailure(input: StepInput): StepOutput {
  const { tx, device } = input;
  const mount = daxHolderOf(tx.host, device);
  if (mount === undefined) return { end: 'done', result: { holder: null } };
  if (!mount.rmapbt) return { end: 'done', result: { holder: mount.id, errno: 'EOPNOTSUPP' } };
  if (mount.fs_state === 'shutdown') return { end: 'done', result: { holder: mount.id, errno: 'EIO' } };
  return walk(input, mount);
}

function walk(input: StepInput, mount: Mount): StepOutput {
  const { tx, parameters } = input;
  const sent: SignalRow[] = [];
  const log: string[] = [];
  const flagged: PfnRange[] = [];
  let hwpoisoned = 0;
  const loops = storingLoops(tx, input.device);
  if (parameters.mf_flags === 'MF_MEM_PRE_REMOVE') {
    // freeze_super() syncs first: what was dirty is written back and write-protected.
    for (const file of filesOf(tx.host, mount.file_system)) writeBack(tx, file);
  }
  for (const file of filesInCore(input, mount)) {
    if (parameters.set_hwpoison === 'first_page_of_entry') hwpoisoned += flagFirstPages(input, file, flagged);
    const space = fileSpace(tx, file);
    const plan = massPlan(parameters, input.removal.by_pid);
    for (const extent of file.extents) {
      const killed = killProcs(tx, space, extent.offset, extent.offset + extent.nr_pages, plan);
      append(sent, killed.signals);
      append(log, announce(space, killed));
    }
    if (wraps(input, mount, file)) return neverEnds(input, mount, file, { signals: sent, log, loops });
  }
  const signals = deliver(tx, sent);
  setHwpoison(tx, input.device.name, flagged);
  emit(tx, 'entries_zapped', `mounts/${mount.id}`, { signals: signals.length });
  if (parameters.page_count_outside_last_ag === 'walks_past_last_ag')
    return oopses(input, mount, { signals: [...signals, ...storeAgain(tx, loops)], hwpoisoned, log });
  log.push(...shutDown(input, mount));
  const stores = storeAgain(tx, loops);
  return { end: 'done', signals: [...signals, ...stores], hwpoisoned, log, result: { holder: mount.id } };
}

/** Files with DAX entries or mappers, in the order of their blocks. */
function filesInCore({ tx }: StepInput, mount: Mount): File[] {
  const files = filesOf(tx.host, mount.file_system).filter((file) => {
    return file.dax && (entriesOf(tx.host, file.id).length > 0 || fileSpace(tx, file).maps.length > 0);
  });
  return files.sort((a, b) => a.extents[0]!.pfn - b.extents[0]!.pfn);
}

/** mf_dax_kill_procs() flags the first page of each DAX entry. How many; the ranges up to what a device keeps. */
function flagFirstPages({ tx }: StepInput, file: File, flagged: PfnRange[]): number {
  const { pfnAt } = fileSpace(tx, file);
  let count = 0;
  for (const { index, nr_pages, level } of runs(entriesOf(tx.host, file.id))) {
    const unit = levelPages(level);
    if (unit === 1) flagged.push([pfnAt(index), nr_pages]);
    else
      for (let at = 0; at < nr_pages && flagged.length < HWPOISON_RANGES_MAX; at += unit)
        flagged.push([pfnAt(index + at), 1]);
    count += nr_pages / unit;
  }
  return count;
}

/** B8: an extent in any AG but the last gets a count of about 2^32 pages. */
function wraps({ tx, parameters }: StepInput, mount: Mount, file: File): boolean {
  if (parameters.page_count_outside_last_ag !== 'wraps_2_32' || mount.agcount < 2) return false;
  const file_system = fileSystemOf(tx.host, mount.file_system);
  const lastAg =
    file_system.start_pfn + Math.ceil(file_system.nr_pages / mount.agcount) * (mount.agcount - 1);
  return file.extents.some((extent) => extent.pfn < lastAg);
}

function neverEnds(
  input: StepInput,
  mount: Mount,
  file: File,
  killed: {
    readonly signals: readonly SignalRow[];
    readonly log: readonly string[];
    readonly loops: readonly StoringLoop[];
  },
): StepOutput {
  const { tx } = input;
  patchSuperblock(tx, mount, { fs_state: 'frozen' });
  emit(tx, 'mount_changed', `mounts/${mount.id}`, { frozen: true });
  storeAgain(tx, killed.loops);
  const signals = deliver(tx, killed.signals);
  return {
    end: 'stuck',
    signals,
    log: killed.log,
    result: { holder: mount.id, spins_in: 'mf_dax_kill_procs', file: file.id },
  };
}

/** xfs_perag_get() finds no group behind the last: the task dies with the locks that it holds. */
function oopses(
  { tx, removal }: StepInput,
  mount: Mount,
  walked: Pick<StepOutput, 'signals' | 'hwpoisoned' | 'log'>,
): StepOutput {
  const { by_pid } = removal;
  // The walk is within dax_read_lock(), which nobody gives back (S17).
  const never_ends = 'dax_srcu';
  if (by_pid === null) recordOops(tx, WALK_OOPSES_IN, never_ends);
  else strike(tx, by_pid, { do: 'oops', at: WALK_OOPSES_IN, task: 'dies', never_ends });
  return { ...walked, end: 'stuck', result: { holder: mount.id, oopses_in: WALK_OOPSES_IN } };
}

function shutDown({ tx, parameters }: StepInput, mount: Mount): string[] {
  if (parameters.shutdown === 'corrupt_ondisk 0x10') return shutDownCorrupt(tx, mount);
  const disk = diskName(mount);
  const reason = 'force umount (0x4)';
  patchSuperblock(tx, mount, { fs_state: 'shutdown', shutdown_reason: reason });
  emit(tx, 'mount_changed', `mounts/${mount.id}`, { shutdown: reason });
  return [
    `XFS (${disk}): Device is about to be removed!`,
    `XFS (${disk}): User initiated shutdown received.`,
    `XFS (${disk}): Please unmount the filesystem and rectify the problem(s)`,
  ];
}
