import type { Mount } from '../model/host.ts';
import { blockDeviceGone, mappingsOfDevice } from '../model/lookup.ts';
import { findRun } from '../model/mapping_table.ts';
import { entriesOf, insertEntries } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import {
  copyOnWrite,
  dirtyFile,
  fileBehind,
  isPrivate,
  nextPresent,
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
  if (!alive && !cachedElsewhere(walk, page)) return { why: 'sigbus', index };
  const to = alive ? nextPresent(walk, index) : index + 1;
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
  walk.faults.pte += to - index;
  insertEntries(tx, mapping.id, [
    { index, nr_pages: to - index, pfn: -1, level: 'pte', kind: 'cache', writable: walk.write, pgmap: 0 },
  ]);
  if (walk.write) dirtyFile(walk, index, to);
  return to;
}
