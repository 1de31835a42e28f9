import type { Mount } from '../model/host.ts';
import { blockDeviceGone, mappingsOfDevice, nrPages } from '../model/lookup.ts';
import { findRun, type Run } from '../model/mapping_table.ts';
import { entriesOf, insertEntries } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import {
  copyOnWrite,
  dirtyFile,
  fileBehind,
  isPrivate,
  mountOf,
  nextPresent,
  startStore,
  type Failure,
  type Step,
  type Walk,
} from './fault_walk.ts';
import { addPages, cachedAt, nextCached } from './page_cache.ts';

/** The page cache of the block device: what any mapping has cached stays, the rest needs the device. */
export function missingBlockDevice(walk: Walk, index: number): Step {
  const { tx, mapping, device } = walk;
  const alive =
    device.instance === mapping.device_instance && device.driver === 'nd_pmem' && device.media_present;
  const page = index + mapping.offset / PAGE_BYTES;
  const behind = nrPages(device) - page;
  if (behind <= 0 || (!alive && !cachedElsewhere(walk, page))) return { why: 'sigbus', index };
  const to = alive ? Math.min(nextPresent(walk, index), index + behind) : index + 1;
  const anon = isPrivate(mapping) && walk.write;
  walk.faults.pte += to - index;
  insertEntries(tx, mapping.id, [
    {
      index,
      nr_pages: to - index,
      pfn: -1,
      level: 'pte',
      kind: anon ? 'anon' : 'cache',
      writable: true,
      pgmap: 0,
    },
  ]);
  return to;
}

function cachedElsewhere(walk: Walk, page: number): boolean {
  const others = mappingsOfDevice(walk.tx.host, walk.device.name).filter(
    (other) => other.file === null && other.device_instance === walk.mapping.device_instance,
  );
  return others.some((other) => {
    const run = findRun(entriesOf(walk.tx.host, other.id), page - other.offset / PAGE_BYTES);
    return run?.kind === 'cache';
  });
}

/** mm/filemap.c filemap_fault(): a cached page is RAM; another is read from the device. */
export function missingCached(walk: Walk, mount: Mount, index: number, end: number): Step {
  const { tx, mapping } = walk;
  if (index >= end) return { why: 'sigbus', index };
  const file = fileBehind(walk);
  const shift = mapping.offset / PAGE_BYTES;
  const cached = cachedAt(tx.host, file, index + shift);
  const limit = Math.min(end, nextPresent(walk, index));
  let to = limit;
  if (cached !== null) to = Math.min(limit, cached.index + cached.nr_pages - shift);
  else {
    if (blockDeviceGone(tx.host, mount) || mount.fs_state === 'shutdown') return { why: 'sigbus', index };
    to = Math.min(limit, nextCached(tx.host, file, index + shift) - shift);
    addPages(tx, file, index + shift, to + shift, 'pte');
  }
  if (walk.write && isPrivate(mapping)) return copyOnWrite(walk, index, to);
  const refused = walk.write ? refusesMkwrite(walk, mount, index) : null;
  return refused ?? mapCached(walk, index, to);
}

/** A store to a cached page that is mapped: one that is write-protected asks the file system first. */
export function storeCached(walk: Walk, run: Run, index: number): Step {
  const to = Math.min(walk.end, run.index + run.nr_pages);
  if (!run.writable) return refusesMkwrite(walk, mountOf(walk), index) ?? mapCached(walk, index, to);
  dirtyFile(walk, index, to);
  return to;
}

/**
 * ->page_mkwrite() of a page whose blocks are there: xfs asks whether it was shut down, ext4 does not (S23); of a
 * frozen file system it waits for the thaw. Source: fs/xfs/xfs_file.c __xfs_write_fault(), fs/ext4/inode.c
 * ext4_page_mkwrite().
 */
function refusesMkwrite(walk: Walk, mount: Mount, index: number): Failure | null {
  const failure = startStore(walk, mount, index);
  if (failure !== null) return failure;
  const { fs_type, fs_state } = mount;
  return fs_type === 'xfs' && fs_state === 'shutdown' ? { why: 'sigbus', index } : null;
}

/** Cached pages `[index, to)` are mapped, for a store writable and dirty. */
function mapCached(walk: Walk, index: number, to: number): number {
  const { tx, mapping, write: writable, faults } = walk;
  faults.pte += to - index;
  insertEntries(tx, mapping.id, [
    { index, nr_pages: to - index, pfn: -1, level: 'pte', kind: 'cache', writable, pgmap: 0 },
  ]);
  if (writable) dirtyFile(walk, index, to);
  return to;
}
