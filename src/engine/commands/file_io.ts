import type { FileIo } from '../model/use_command.ts';
import { fileSpace } from '../mm/address_space.ts';
import { goodPages, refusesBadBlocks, sectorsOf } from '../mm/badblocks.ts';
import { unmap } from '../mm/kill_procs.ts';
import { allocateSome, giveBlocks } from '../mm/layout.ts';
import { errnoOutcome, okOutcome, type Outcome } from '../model/outcome.ts';
import type { FrozenCall } from '../model/frozen_call.ts';
import type { File, Host, Mount } from '../model/host.ts';
import {
  blockDeviceGone,
  blocksAt,
  daxDead,
  deviceOf,
  fileOf,
  fileSystemOf,
  findActor,
  findFile,
  mappingsOfPid,
  mountedSuperblock,
  openFilesOfPid,
  pfnOf,
} from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { clearSectors, clearsPoison } from '../memory_failure/clear_sectors.ts';
import { isFrozen, waitForThaw } from '../mm/freeze.ts';
import { addPages, cachedAt, forgetRange, tagDirty } from '../mm/page_cache.ts';
import { touchAtime, updateTimes } from '../mm/times.ts';
import { countPages, type PfnRange } from '../model/pfn_range.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { findByPath } from '../fs/mount.ts';
import { refusesWriters } from '../fs/superblock.ts';
import { syncFile } from '../fs/sync.ts';

/** pread(2), pwrite(2), fsync(2) of a process on a file (B6). Refused: `out_of_range`, `outcome_unknown`. */
export function fileIo(tx: Transaction, command: FileIo): Outcome | Refusal {
  const file = findFile(tx.host, command.file);
  if (isRefusal(file)) return file;
  const process = findActor(tx.host, command.pid, '/pid');
  if (isRefusal(process)) return process;
  if (command.kind === 'fsync') return syncFile(tx, file.id, command.pid);
  if (command.offset >= file.size)
    return refuse('out_of_range', 'the offset is past the end of the file', { pointer: '/offset' });
  const mount = superblockFor(tx.host, file, command.pid);
  if (isRefusal(mount)) return mount;
  if (command.kind === 'pwrite') {
    // It is opened for writing first; with a descriptor, sb_start_write() comes before all that asks the file system.
    if (refusesWriters(mount) && !hasOpenToWrite(tx.host, file, command.pid)) return errnoOutcome('EROFS');
    if (isFrozen(mount)) return waitForThaw(tx, command.pid, callOf(file, command));
  }
  if (mount.fs_state === 'shutdown') return errnoOutcome('EIO');
  const changes = command.kind === 'pwrite' ? updateTimes : touchAtime;
  if (changes(tx, mount, file)) emit(tx, 'file_changed', `files/${file.id}`, { kind: command.kind });
  return file.dax ? ioByDax(tx, mount, file, command) : ioByPageCache(tx, mount, file, command);
}

/** A process that neither has the file open nor maps it opens it by its path first. */
function superblockFor(host: Host, file: File, pid: number): Mount | Refusal {
  const isHolder = [...openFilesOfPid(host, pid), ...mappingsOfPid(host, pid)].some(
    (held) => held.file === file.id,
  );
  return isHolder ? mountedSuperblock(host, file) : findByPath(host, file);
}

/** Whether a process has a file open for writing. */
function hasOpenToWrite(host: Host, { id }: File, pid: number): boolean {
  return (
    openFilesOfPid(host, pid).some(({ file, flags: [mode] }) => file === id && mode !== 'rdonly') ||
    mappingsOfPid(host, pid).some(({ file, opened }) => file === id && opened !== 'rdonly')
  );
}

function callOf({ id, file_system }: File, { offset, length }: FileIo): FrozenCall {
  return { file_system, file: id, mapping: null, offset, length };
}

/** Pages of a file that a call comes to: `[first, end)`. */
function pagesOf(file: File, { offset, length }: FileIo): readonly [first: number, end: number] {
  const stop = Math.min(offset + Math.max(1, length), file.size);
  return [Math.floor(offset / PAGE_BYTES), Math.ceil(stop / PAGE_BYTES)];
}

/** The holes, or the blocks, of a file among pages of it: page indexes, in order. */
function partsOf(
  host: Host,
  file: File,
  [first, end]: readonly [number, number],
  what: 'holes' | 'blocks',
): PfnRange[] {
  const parts: PfnRange[] = [];
  for (let index = first; index < end; ) {
    const blocks = blocksAt(host, file, index);
    const to = Math.min(end, blocks.end);
    if ((blocks.extent === null) === (what === 'holes')) parts.push([index, to - index]);
    index = to;
  }
  return parts;
}

/** Over a hole a read copies zeros and asks no device, a write has blocks allocated first (S30). */
function ioByDax(tx: Transaction, mount: Mount, file: File, command: FileIo): Outcome | Refusal {
  const pages = pagesOf(file, command);
  const holes = partsOf(tx.host, file, pages, 'holes');
  if (command.kind === 'pread' && countPages(holes) === pages[1] - pages[0]) return okOutcome();
  if (daxDead(tx.host, mount))
    return holes.length === 0 ? errnoOutcome('ENXIO') : unknownOutcome(HOLE_OF_DEAD);
  const { media_present } = deviceOf(tx.host, file.dax_device);
  if (!media_present)
    return unknownOutcome('a file call on memory that is physically gone depends on the bus (R165)');
  const refused = command.kind === 'pwrite' ? fillHoles(tx, file, holes) : null;
  const failed = refused ?? poisonedIo(tx, fileOf(tx.host, file.id), command);
  const readsZeros = command.kind === 'pread' && holes[0]?.[0] === pages[0];
  return failed ?? (readsZeros ? okOutcome() : ioServed(tx, file));
}

const HOLE_OF_DEAD =
  'a pwrite of a hole, or a pread of holes and blocks, whose device is gone is neither recorded nor in the sources read (S30)';

/**
 * Blocks for what a pwrite comes to; nobody maps zeros there any more. ENOSPC where nothing is free at the first hole.
 * Source: fs/dax.c dax_iomap_iter() IOMAP_F_NEW, mm/truncate.c invalidate_inode_pages2_range().
 */
function fillHoles(tx: Transaction, file: File, holes: readonly PfnRange[]): Outcome | Refusal | null {
  for (const [first, nr_pages] of holes) {
    for (let done = 0; done < nr_pages; ) {
      const room = fillOver(tx, fileOf(tx.host, file.id), first + done, nr_pages - done);
      if (isRefusal(room)) return room;
      if (room === 0)
        return first === holes[0]![0] && done === 0 ? errnoOutcome('ENOSPC') : unknownOutcome(SHORT_WRITE);
      done += room;
    }
  }
  if (holes.length > 0) emit(tx, 'page_faulted', `files/${file.id}`, { kind: 'pwrite' });
  return null;
}

const SHORT_WRITE = 'how much a pwrite copies before the file system is full is not in the sources read';

/** Blocks from a page of a hole on, as many as there are in one piece; how many pages that are. */
function fillOver(tx: Transaction, file: File, index: number, nr_pages: number): number | Refusal {
  const room = allocateSome(tx.host, fileSystemOf(tx.host, file.file_system), nr_pages);
  if (room === null) return 0;
  const refused = refusesBadBlocks(deviceOf(tx.host, file.dax_device), room);
  if (refused !== null) return refused;
  giveBlocks(tx, file, index, room);
  forgetRange(tx, file, [index, room[1]]);
  unmap(tx, fileSpace(tx, file).maps, index, index + room[1]);
  return room[1];
}

/**
 * pread and pwrite over a badblock: EIO; from v6.1 on pwrite tries DAX_RECOVERY_WRITE, which clears whole pages where
 * the device can and copies nothing else (M19-M21). Source: drivers/nvdimm/pmem.c pmem_recovery_write().
 */
function poisonedIo(tx: Transaction, file: File, command: FileIo): Outcome | Refusal | null {
  const device = deviceOf(tx.host, file.dax_device);
  const pages = partsOf(tx.host, file, pagesOf(file, command), 'blocks').map(
    ([index, nr_pages]): PfnRange => [pfnOf(tx.host, file, index), nr_pages],
  );
  if (pages.every((range) => goodPages(device, ...range) === range[1])) return null;
  if (command.kind === 'pread' || factsOf(tx.host).memory_failure.badblock_pwrite === 'EIO')
    return errnoOutcome('EIO');
  const [first] = pages;
  if (pages.length > 1 || goodPages(device, ...first!) > 0)
    return unknownOutcome('how much a pwrite copies before it meets a badblock is not in the sources read');
  const whole = command.offset % PAGE_BYTES === 0 && command.length % PAGE_BYTES === 0 && command.length > 0;
  if (!whole) return errnoOutcome('EFAULT');
  const clears = clearsPoison(device, 'driver');
  if (isRefusal(clears)) return clears;
  if (!clears) return errnoOutcome('EFAULT');
  clearSectors(tx, device, sectorsOf(device, first!));
  return null;
}

/** R99, R100: cached pages are RAM and stay readable and writable while the file system does not refuse. */
function ioByPageCache(tx: Transaction, mount: Mount, file: File, command: FileIo): Outcome {
  const [first, end] = pagesOf(file, command);
  if (blockDeviceGone(tx.host, mount)) {
    let index = first;
    while (index < end) {
      const run = cachedAt(tx.host, file, index);
      if (run === null) return errnoOutcome('EIO');
      index = run.index + run.nr_pages;
    }
  }
  addPages(tx, file, first, end, 'pte');
  if (command.kind === 'pwrite') tagDirty(tx, file, first, end);
  emit(tx, 'page_faulted', `files/${file.id}`, { kind: command.kind });
  return ioServed(tx, file);
}

function ioServed(tx: Transaction, file: File): Outcome {
  const device = deviceOf(tx.host, file.dax_device);
  return okOutcome({ data_of: { generation: device.generation, tenant: device.tenant, file: file.id } });
}
