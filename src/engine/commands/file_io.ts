import type { FileIo } from '../model/use_command.ts';
import { goodPages, sectorsOf } from '../mm/badblocks.ts';
import { errnoOutcome, okOutcome, type Outcome } from '../model/outcome.ts';
import type { FrozenCall } from '../model/frozen_call.ts';
import type { File, Mount } from '../model/host.ts';
import {
  blockDeviceGone,
  daxDead,
  deviceOf,
  extentAt,
  findActor,
  findFile,
  mountedSuperblock,
} from '../model/lookup.ts';
import { factsOf } from '../kernels/of_host.ts';
import { clearSectors, clearsPoison } from '../memory_failure/clear_sectors.ts';
import { isFrozen, waitForThaw } from '../mm/freeze.ts';
import { addPages, cachedAt, tagDirty } from '../mm/page_cache.ts';
import { touchAtime, updateTimes } from '../mm/times.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { isRefusal, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { isRemountedReadOnly } from '../fs/superblock.ts';
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
  const mount = mountedSuperblock(tx.host, file);
  if (isRefusal(mount)) return mount;
  if (command.kind === 'pwrite') {
    // No descriptor can be open for writing there; else sb_start_write() comes before all that asks the file system.
    if (isRemountedReadOnly(mount)) return errnoOutcome('EROFS');
    if (isFrozen(mount)) return waitForThaw(tx, command.pid, callOf(file, command));
  }
  if (mount.fs_state === 'shutdown') return errnoOutcome('EIO');
  const changes = command.kind === 'pwrite' ? updateTimes : touchAtime;
  if (changes(tx, mount, file)) emit(tx, 'file_changed', `files/${file.id}`, { kind: command.kind });
  return file.dax ? ioByDax(tx, mount, file, command) : ioByPageCache(tx, mount, file, command);
}

function callOf({ id, file_system }: File, { offset, length }: FileIo): FrozenCall {
  return { file_system, file: id, mapping: null, offset, length };
}

function ioByDax(tx: Transaction, mount: Mount, file: File, command: FileIo): Outcome | Refusal {
  if (daxDead(tx.host, mount)) return errnoOutcome('ENXIO');
  const { media_present } = deviceOf(tx.host, file.dax_device);
  if (!media_present)
    return unknownOutcome('a file call on memory that is physically gone depends on the bus (R165)');
  return poisonedIo(tx, file, command) ?? ioServed(tx, file);
}

/**
 * pread and pwrite over a badblock: EIO; from v6.1 on pwrite tries DAX_RECOVERY_WRITE, which clears whole pages where
 * the device can and copies nothing else (M19-M21). Source: drivers/nvdimm/pmem.c pmem_recovery_write().
 */
function poisonedIo(tx: Transaction, file: File, command: FileIo): Outcome | Refusal | null {
  const device = deviceOf(tx.host, file.dax_device);
  const first = Math.floor(command.offset / PAGE_BYTES);
  const stop = Math.min(command.offset + Math.max(1, command.length), file.size);
  const end = Math.ceil(stop / PAGE_BYTES);
  const extent = extentAt(file, first);
  const pages: PfnRange = [extent.pfn + (first - extent.offset), end - first];
  const good = goodPages(device, ...pages);
  if (good === pages[1]) return null;
  if (command.kind === 'pread' || factsOf(tx.host).memory_failure.badblock_pwrite === 'EIO')
    return errnoOutcome('EIO');
  if (good > 0)
    return unknownOutcome('how much a pwrite copies before it meets a badblock is not in the sources read');
  const whole = command.offset % PAGE_BYTES === 0 && command.length % PAGE_BYTES === 0 && command.length > 0;
  if (!whole) return errnoOutcome('EFAULT');
  const clears = clearsPoison(device, 'driver');
  if (isRefusal(clears)) return clears;
  if (!clears) return errnoOutcome('EFAULT');
  clearSectors(tx, device, sectorsOf(device, pages));
  return null;
}

/** R99, R100: cached pages are RAM and stay readable and writable while the file system does not refuse. */
function ioByPageCache(tx: Transaction, mount: Mount, file: File, command: FileIo): Outcome {
  const first = Math.floor(command.offset / PAGE_BYTES);
  const end = Math.min(
    Math.ceil(file.size / PAGE_BYTES),
    Math.ceil((command.offset + Math.max(1, command.length)) / PAGE_BYTES),
  );
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
