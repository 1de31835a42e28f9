import { daxHolderOf } from '../../fs/dax_holder.ts';
import { append } from '../../model/append.ts';
import { extentsOf, findExtent } from '../../model/extents.ts';
import type { File, Mount } from '../../model/host.ts';
import { fileSystemOf, filesOf } from '../../model/lookup.ts';
import { joined } from '../../model/inode.ts';
import { levelPages } from '../../model/mapping_table.ts';
import { HWPOISON_RANGES_MAX, setHwpoison } from '../../mm/hwpoison.ts';
import { forgetRange, inCore } from '../../mm/page_cache.ts';
import type { PfnRange } from '../../model/pfn_range.ts';
import { pfnList, setOf, setOfRanges, type PfnList } from '../../model/pfn_set.ts';
import { addEnteredHeads, daxPages, pagesEntered } from '../../model/scan_entries.ts';
import { diskName } from '../../fs/partition.ts';
import { patchSuperblock, shutDown, shutDownCorrupt } from '../../fs/superblock.ts';
import { emit, entriesOf } from '../../model/transaction.ts';
import { writeBack } from '../../fs/sync.ts';
import { fileSpace, type AddressSpace } from '../../mm/address_space.ts';
import { recordOops, strike } from '../../mm/process_end.ts';
import { announce, killProcs, LOG_LINES, massPlan, unmap } from '../../mm/kill_procs.ts';
import { goOn } from '../../mm/thawed.ts';
import type { SignalRow } from '../../model/removal.ts';
import { deliver } from '../../mm/signals.ts';
import type { StepInput, StepOutput } from '../step.ts';
import { storeAgain, storingLoops, type StoringLoop } from '../storing.ts';

/** Of a group that is not there. */
const WALK_OOPSES_IN = 'xfs_alloc_read_agf';

/**
 * Notifies the holder that the whole device fails. Only xfs registers one (S22); without rmapbt it answers EOPNOTSUPP,
 * and one that was shut down before walks nothing (B3). With rmapbt it walks the files in the order of their blocks,
 * kills and unmaps, then shuts down. With MF_MEM_PRE_REMOVE it drops what i_pages have, too (S23), so that
 * nothing is left to evict (S3); without, the walk ends at the first file that is not DAX (S24). Where the page count wraps the walk of the
 * first DAX file never ends; where the length is wrong the task oopses behind the last group, every file walked and
 * nothing shut down (R54, by the source alone).
 * Source: fs/xfs/xfs_notify_failure.c xfs_dax_notify_failure(), mm/memory-failure.c mf_dax_kill_procs(),
 * mm/truncate.c invalidate_inode_pages2_range().
 */
export function daxHolderNotifyFailure(input: StepInput): StepOutput {
  const { tx, device } = input;
  const mount = daxHolderOf(tx.host, device);
  if (mount === undefined) return { end: 'done', result: { holder: null } };
  if (!mount.rmapbt) return { end: 'done', result: { holder: mount.id, errno: 'EOPNOTSUPP' } };
  if (mount.fs_state === 'shutdown') return { end: 'done', result: { holder: mount.id, errno: 'EIO' } };
  return walk(input, mount);
}

/** What the walk has done so far. */
interface Walked {
  readonly signals: SignalRow[];
  readonly log: string[];
  readonly flagged: PfnList;
  hwpoisoned: number;
  /** Files of which i_pages lost something, and how much. */
  files_dropped: number;
  pages_dropped: number;
}

function walk(input: StepInput, mount: Mount): StepOutput {
  const { tx, parameters } = input;
  const walked: Walked = {
    signals: [],
    log: [],
    flagged: pfnList(),
    hwpoisoned: 0,
    files_dropped: 0,
    pages_dropped: 0,
  };
  const loops = storingLoops(tx, input.device);
  const preRemove = parameters.mf_flags === 'MF_MEM_PRE_REMOVE';
  let ended_at: File | null = null;
  for (const file of filesInCore(input, mount)) {
    ended_at = file.dax || preRemove ? null : file;
    if (ended_at !== null) break;
    // Of both: nobody dies before the walk is done.
    const space = fileSpace(tx, file);
    if (file.dax) killUsers(input, file, space, walked);
    if (file.dax && wraps(input, mount, file)) return neverEnds(input, mount, file, { ...walked, loops });
    if (preRemove) dropPages(input, file, space, walked);
  }
  if (preRemove) writeBackLeft(input, mount);
  const { signals } = deliver(tx, walked.signals);
  setHwpoison(tx, input.device.name, setOf(walked.flagged));
  const { log, hwpoisoned, files_dropped, pages_dropped } = walked;
  emit(tx, 'entries_zapped', `mounts/${mount.id}`, { signals: signals.length, pages_dropped });
  if (ended_at === null && parameters.page_count_outside_last_ag === 'walks_past_last_ag')
    return oopses(input, mount, { signals: [...signals, ...storeAgain(tx, loops)], hwpoisoned, log });
  log.push(...shutDownByHolder(input, mount));
  const dropped = preRemove ? { files_dropped, pages_dropped } : {};
  const ended = ended_at === null ? {} : { errno: 'EBUSY', ended_at: ended_at.id };
  const result = { holder: mount.id, ...dropped, ...ended };
  return { end: 'done', signals: [...signals, ...storeAgain(tx, loops)], hwpoisoned, log, result };
}

/**
 * freeze_super() syncs before anything is unmapped: what was dirty is written back and write-protected. Whether what the
 * walk takes away was protected before, nobody can tell; only what it leaves is.
 */
function writeBackLeft({ tx }: StepInput, { file_system }: Mount): void {
  for (const file of filesOf(tx.host, file_system)) writeBack(tx, file);
}

/** Files in core that have blocks, in the order of these. */
function filesInCore({ tx }: StepInput, mount: Mount): File[] {
  const firstOf = (file: File) => findExtent(tx.host, file, () => true);
  const files = filesOf(tx.host, mount.file_system).filter(
    (file) => firstOf(file) !== undefined && inCore(tx.host, file),
  );
  return files.sort((a, b) => firstOf(a)!.pfn - firstOf(b)!.pfn);
}

/** mf_dax_kill_procs() of each extent of a DAX file. */
function killUsers(input: StepInput, file: File, space: AddressSpace, walked: Walked): void {
  const { tx, parameters, removal } = input;
  if (parameters.set_hwpoison === 'first_page_of_entry')
    walked.hwpoisoned += flagFirstPages(input, file, walked.flagged);
  const plan = massPlan(parameters, removal.by_pid);
  for (const { offset, nr_pages } of joined(extentsOf(tx.host, file), () => true)) {
    const killed = killProcs(tx, space, offset, offset + nr_pages, plan);
    append(walked.signals, killed.signals);
    if (walked.log.length < LOG_LINES) append(walked.log, announce(space, killed));
  }
}

/**
 * The sync has cleaned these, which writeBackLeft() does of what is left: all that is in i_pages of the extents goes, and
 * is unmapped, but for own copies (S23). Of a hole there is no record (S30).
 */
function dropPages({ tx }: StepInput, file: File, { maps }: AddressSpace, walked: Walked): void {
  const ranges = joined(extentsOf(tx.host, file), () => true);
  const blocks = setOfRanges(ranges.map(({ offset, nr_pages }): PfnRange => [offset, nr_pages]));
  const dropped = pagesEntered(entriesOf(tx.host, file.id), blocks);
  if (dropped === 0) return;
  for (const { offset, nr_pages } of ranges) {
    forgetRange(tx, file, [offset, nr_pages]);
    unmap(tx, maps, offset, offset + nr_pages);
  }
  walked.files_dropped += 1;
  walked.pages_dropped += dropped;
}

/** mf_dax_kill_procs() flags the first page of each DAX entry. How many; the ranges up to what a device keeps. */
function flagFirstPages({ tx }: StepInput, file: File, flagged: PfnList): number {
  const entries = entriesOf(tx.host, file.id);
  addEnteredHeads(flagged, extentsOf(tx.host, file), entries, HWPOISON_RANGES_MAX);
  const { pte, pmd, pud } = daxPages(entries);
  return pte + pmd / levelPages('pmd') + pud / levelPages('pud');
}

/** B8: an extent in any AG but the last gets a count of about 2^32 pages. */
function wraps({ tx, parameters }: StepInput, mount: Mount, file: File): boolean {
  if (parameters.page_count_outside_last_ag !== 'wraps_2_32' || mount.agcount < 2) return false;
  const file_system = fileSystemOf(tx.host, mount.file_system);
  const lastAg =
    file_system.start_pfn + Math.ceil(file_system.nr_pages / mount.agcount) * (mount.agcount - 1);
  return findExtent(tx.host, file, (extent) => extent.pfn < lastAg) !== undefined;
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
  writeBackLeft(input, mount);
  patchSuperblock(tx, mount, { fs_state: 'frozen' });
  emit(tx, 'mount_changed', `mounts/${mount.id}`, { frozen: true });
  storeAgain(tx, killed.loops);
  const { signals } = deliver(tx, killed.signals);
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

function shutDownByHolder({ tx, parameters }: StepInput, mount: Mount): string[] {
  if (parameters.shutdown === 'corrupt_ondisk 0x10') return shutDownCorrupt(tx, mount);
  const disk = diskName(mount);
  // Its own freeze ends with that, and its user's: who waited meets a file system that is shut down (S38).
  shutDown(tx, mount, 'force umount (0x4)', { frozen_by_user: false });
  goOn(tx, mount.file_system, () => null);
  return [
    `XFS (${disk}): Device is about to be removed!`,
    `XFS (${disk}): User initiated shutdown received.`,
    `XFS (${disk}): Please unmount the filesystem and rectify the problem(s)`,
  ];
}
