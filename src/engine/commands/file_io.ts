import type { Answer } from '../answer.ts';
import { goodPages } from '../mm/badblocks.ts';
import type { Command, Outcome } from '../model/command.ts';
import type { Extent, File, FileSystem, Host, Mount } from '../model/host.ts';
import {
  blockDeviceGone,
  daxDead,
  deviceOf,
  extentAt,
  factsOf,
  filesOf,
  fileSystemOf,
  findActor,
  findFile,
  findMount,
  mountedSuperblock,
} from '../model/lookup.ts';
import { blockedOutcome, errnoOutcome, okOutcome } from '../model/outcome.ts';
import { clearPages } from './clear_errors.ts';
import { addPages, cachedAt, tagDirty } from '../mm/page_cache.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { isRefusal, kernelRefuses, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, identity, nextId, patch, put, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES, PMD_PAGES } from '../model/vocabulary.ts';
import { metadataPages } from './create_mount.ts';
import { syncFile } from '../fs/sync.ts';

type CreateFile = Extract<Command, { type: 'create_file' }>;
type FileIo = Extract<Command, { type: 'file_io' }>;

/**
 * Creates a file with its blocks. Refused with the kernel's errno where the file system is dead or full.
 * Files of 2 MiB and more start on a 2 MiB boundary, as a file system on DAX is made to do.
 */
export function createFile(tx: Transaction, command: CreateFile): Answer | Refusal {
  const mount = findMount(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  const dead = mount.fs_state === 'shutdown' || blockDeviceGone(tx.host, mount);
  if (dead) return kernelRefuses('EIO', 'the file system cannot start a transaction');
  if (mount.fs_state === 'frozen')
    return refuse('dax_device_busy', 'the file system is frozen: open(O_CREAT) blocks until POST …/reboot');
  const file_system = fileSystemOf(tx.host, mount.file_system);
  if (filesOf(tx.host, file_system.id).some(({ path }) => path === command.path))
    return refuse('path_exists', `there is a file ${command.path} already`, { pointer: '/path' });
  const extent = allocate(tx.host, file_system, Math.ceil(command.size / PAGE_BYTES));
  if (extent === null) return kernelRefuses('ENOSPC', 'the file system has no room for that size');
  const next_free = Math.max(file_system.next_free, extent.pfn + extent.nr_pages - file_system.start_pfn);
  patch(tx, 'file_systems', file_system.id, { next_free });
  const id = nextId(tx, 'f');
  const record = put(tx, 'files', id, {
    ...identity(tx),
    id,
    file_system: file_system.id,
    dax_device: mount.dax_device,
    mount: mount.id,
    path: command.path,
    size: command.size,
    extents: extent.nr_pages === 0 ? [] : [extent],
    dax: usesDax(tx, mount, command.dax ?? false),
  });
  emit(tx, 'file_created', `files/${id}`, { path: command.path, size: command.size });
  return { record };
}

/** A9: S_DAX is `dax=always`, or the inode flag with `dax=inode`, on a device with struct pages. */
function usesDax(tx: Transaction, mount: Mount, flag: boolean): boolean {
  const device = deviceOf(tx.host, mount.dax_device);
  if (device.map === null) return false;
  return mount.dax === 'always' || (mount.dax === 'inode' && flag);
}

/** Behind the last file there has been or, where no room is left there, in the first gap that files left. */
function allocate(host: Host, file_system: FileSystem, nr_pages: number): Extent | null {
  const { id, start_pfn, next_free } = file_system;
  const unit = nr_pages >= PMD_PAGES ? PMD_PAGES : 1;
  const aligned = (pfn: number): number => Math.ceil(pfn / unit) * unit;
  const end = start_pfn + file_system.nr_pages;
  const behind = aligned(start_pfn + next_free);
  if (behind + nr_pages <= end) return { offset: 0, pfn: behind, nr_pages };
  let from = start_pfn + metadataPages(file_system.nr_pages);
  const taken = filesOf(host, id).flatMap(({ extents }) => extents);
  for (const extent of taken.sort((a, b) => a.pfn - b.pfn)) {
    if (aligned(from) + nr_pages <= extent.pfn) break;
    from = extent.pfn + extent.nr_pages;
  }
  return aligned(from) + nr_pages <= end ? { offset: 0, pfn: aligned(from), nr_pages } : null;
}

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
  if (mount.fs_state === 'shutdown') return errnoOutcome('EIO');
  if (mount.fs_state === 'frozen' && command.kind === 'pwrite') return blockInFreeze(tx, command.pid);
  return file.dax ? ioByDax(tx, mount, file, command) : ioByPageCache(tx, mount, file, command);
}

function blockInFreeze(tx: Transaction, pid: number): Outcome {
  patch(tx, 'processes', String(pid), { state: 'blocked' });
  emit(tx, 'process_changed', `processes/${String(pid)}`, { blocked_in: 'percpu_rwsem_wait' });
  return blockedOutcome('percpu_rwsem_wait');
}

function ioByDax(tx: Transaction, mount: Mount, file: File, command: FileIo): Outcome | Refusal {
  if (daxDead(tx.host, mount)) {
    if (mount.fs_type === 'xfs' && command.kind === 'pwrite') {
      return unknownOutcome(
        'pwrite to xfs on a dead device before its log has failed answers ENXIO or EIO (B6)',
      );
    }
    return errnoOutcome('ENXIO', { kernel_log: [] });
  }
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
  if (!whole || !device.clears_poison) return errnoOutcome('EFAULT');
  clearPages(tx, device, pages);
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
