import type { Answer } from '../answer.ts';
import type { Command, CreateMount, Outcome } from '../model/command.ts';
import type { DaxDevice, FileSystem, Mount } from '../model/host.ts';
import {
  blockDeviceGone,
  factsOf,
  filesOf,
  findDevice,
  findMount,
  holdsMemory,
  mappingsOfDevice,
  mountsOf,
  must,
  nrPages,
  pinsOfDevice,
  profileOf,
  superblockOf,
} from '../model/lookup.ts';
import { okOutcome } from '../model/outcome.ts';
import { forget } from '../mm/page_cache.ts';
import { isRefusal, kernelRefuses, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { mountsOfSuperblock, patchSuperblock } from '../fs/superblock.ts';
import { emit, identity, nextId, patch, put, remove, type Transaction } from '../model/transaction.ts';
import { PMD_PAGES } from '../model/vocabulary.ts';
import { partitionPages, refusesPartition } from '../fs/partition.ts';
import { abortJournal } from '../fs/sync.ts';
import { wayBack } from '../device/way_back.ts';

/** Pages kept for metadata and the log at the head of a file system; files start behind them. */
const METADATA_PAGES = 4 * PMD_PAGES;
const DEFAULT_AGCOUNT = 4;

/** Pages at the head of a file system that are no file's. */
export function metadataPages(nr_pages: number): number {
  return Math.min(METADATA_PAGES, Math.floor(nr_pages / 2));
}

/** mount(2), with mkfs before it where asked. 409 with `EEXIST`, `EINVAL`, `ENXIO` as the kernel refuses. */
export function createMount(tx: Transaction, command: CreateMount): Answer | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return { ...device, pointer: '/dax_device' };
  if (device.mode !== 'fsdax' && device.mode !== 'raw' && device.mode !== 'sector') {
    return kernelRefuses('ENXIO', `a ${device.mode} device has no block device`);
  }
  if (device.state !== 'bound')
    return kernelRefuses('ENXIO', `the block device is gone: ${wayBack(tx.host, device)}`);
  const refusal = refusesNames(tx, command) ?? refusesOptions(tx, command, device);
  if (refusal !== null) return refusal;
  const file_system = findOrMake(tx, command, device);
  if (isRefusal(file_system)) return file_system;
  const twin = superblockOf(tx.host, file_system.id);
  const id = nextId(tx, 'm');
  if (twin !== null) {
    const record = put(tx, 'mounts', id, {
      ...twin,
      ...identity(tx),
      id,
      path: command.path,
      state: 'mounted',
    });
    emit(tx, 'mount_created', `mounts/${id}`, { dax_device: device.name, path: command.path });
    return { record };
  }
  const record = put(tx, 'mounts', id, {
    ...identity(tx),
    id,
    dax_device: device.name,
    path: command.path,
    fs_type: file_system.fs_type,
    dax: command.dax,
    rmapbt: file_system.rmapbt,
    reflink: file_system.reflink,
    agcount: file_system.agcount,
    partition: file_system.partition,
    file_system: file_system.id,
    state: 'mounted',
    fs_state: 'alive',
    shutdown_reason: null,
    journal: 'live',
    read_only: false,
    device_instance: device.instance,
    generation: file_system.generation,
  });
  for (const file of filesOf(tx.host, file_system.id)) {
    const dax = device.map !== null && (command.dax === 'always' || (command.dax === 'inode' && file.dax));
    forget(tx, file);
    patch(tx, 'files', file.id, { mount: id, dax });
  }
  emit(tx, 'mount_created', `mounts/${id}`, { dax_device: device.name, path: command.path });
  return { record };
}

function refusesNames(tx: Transaction, command: CreateMount): Refusal | null {
  const partition = command.partition ?? null;
  for (const mount of tx.host.tables.mounts.values()) {
    if (mount.path === command.path && mount.state === 'mounted') {
      return refuse('path_exists', `something is mounted at ${command.path}`, { pointer: '/path' });
    }
    if (mount.dax_device !== command.dax_device) continue;
    if (mount.partition === partition) {
      // R147: the old superblock's name in /sys/fs/TYPE stands in the way; on a live device it is one superblock.
      const gone = blockDeviceGone(tx.host, mount);
      if (gone && mount.fs_type !== command.fs_type) continue;
      if (gone)
        return kernelRefuses(
          'EEXIST',
          `the superblock of ${mount.id} still lives: DELETE that mount, or POST …/reboot where it is busy`,
        );
      if (command.mkfs === true) return kernelRefuses('EBUSY', 'mkfs: the device is mounted');
      continue;
    }
    if ((mount.partition === null || partition === null) && !blockDeviceGone(tx.host, mount)) {
      return kernelRefuses('EBUSY', 'the whole device or a partition of it is mounted');
    }
  }
  return null;
}

function refusesOptions(tx: Transaction, command: CreateMount, device: DaxDevice): Refusal | null {
  if (
    command.fs_type === 'ext4' &&
    (command.rmapbt === true || command.reflink === true || command.agcount !== undefined)
  ) {
    return refuse('invalid_field', 'rmapbt, reflink and agcount are features of xfs', {
      pointer: '/fs_type',
    });
  }
  const partition = refusesPartition(device, command.partition);
  if (partition !== null) return partition;
  if (command.dax === 'always' && device.map === null)
    return kernelRefuses('EINVAL', 'DAX unsupported by block device');
  if (command.fs_type !== 'xfs' || command.dax === 'never') return null;
  if (command.partition !== undefined) {
    const refused = reflinkRefused(tx, command, command.reflink === true);
    if (refused !== null) return refused;
  }
  const holder = profileOf(tx.host).steps.fsdax.some((step) => step.name === 'dax_holder_notify_failure');
  if (command.partition !== undefined && holder) {
    return unknownOutcome(
      'xfs with DAX on a partition: how its holder is registered is not in the sources read',
    );
  }
  return null;
}

/** The file system that is there, or a new one: `mkfs: true` ends the one before. */
function findOrMake(tx: Transaction, command: CreateMount, device: DaxDevice): FileSystem | Refusal {
  const partition = command.partition ?? null;
  const [before] = tx.host.tables.file_systems.where(
    (own) =>
      own.dax_device === device.name && own.partition === partition && own.generation === device.generation,
  );
  if (command.mkfs !== true) {
    if (before?.fs_type !== command.fs_type) return kernelRefuses('EINVAL', wrongSuperblock(device, before));
    return reflinkRefused(tx, command, before.reflink) ?? before;
  }
  const reflink = command.fs_type === 'xfs' && (command.reflink ?? false);
  const refused = reflinkRefused(tx, command, reflink);
  if (refused !== null) return refused;
  return makeFileSystem(tx, command, device, nextGeneration(tx, device, partition), reflink);
}

/** What mount(8) says, and the way out: a listing never tells what file system is on a device. */
function wrongSuperblock({ name }: DaxDevice, before: FileSystem | undefined): string {
  const there =
    before === undefined
      ? `no file system was told on ${name}, and no listing tells one: mkfs: true makes it`
      : `${name} has ${before.fs_type}: mkfs: true makes another over it`;
  return `wrong fs type, bad superblock: ${there}`;
}

/** A file system over earlier ones is a new generation of the device; those of other partitions go over to it. */
function nextGeneration(tx: Transaction, device: DaxDevice, partition: number | null): number {
  const present = tx.host.tables.file_systems.where(
    (own) => own.dax_device === device.name && own.generation === device.generation,
  );
  const untouched = present.filter(
    (own) => partition !== null && own.partition !== null && own.partition !== partition,
  );
  if (untouched.length === present.length) return device.generation;
  const generation = device.generation + 1;
  patch(tx, 'dax_devices', device.name, { generation });
  for (const own of untouched) carryOver(tx, own, generation);
  return generation;
}

/** A file system that another's mkfs did not touch, its mounts and its pins are of the device's new generation too. */
function carryOver(tx: Transaction, file_system: FileSystem, generation: number): void {
  const { id, dax_device, start_pfn, nr_pages } = file_system;
  patch(tx, 'file_systems', id, { generation });
  for (const mount of mountsOf(tx.host, id)) patch(tx, 'mounts', mount.id, { generation });
  for (const pin of pinsOfDevice(tx.host, dax_device)) {
    const inside = pin.pfn_ranges.some(([pfn]) => start_pfn <= pfn && pfn < start_pfn + nr_pages);
    if (pin.generation === file_system.generation && inside) patch(tx, 'pins', pin.id, { generation });
  }
}

function reflinkRefused(tx: Transaction, command: CreateMount, reflink: boolean): Refusal | null {
  if (!reflink || command.dax !== 'always') return null;
  const allowed = factsOf(tx.host).xfs_reflink_with_dax === 'whole_device' && command.partition === undefined;
  return allowed ? null : kernelRefuses('EINVAL', 'DAX and reflink cannot be used together!');
}

function makeFileSystem(
  tx: Transaction,
  command: CreateMount,
  device: DaxDevice,
  generation: number,
  reflink: boolean,
): FileSystem {
  const total = nrPages(device);
  const part = command.partition === undefined ? total : partitionPages(device);
  const start = device.base_pfn + (command.partition === undefined ? 0 : (command.partition - 1) * part);
  const id = nextId(tx, 's');
  return put(tx, 'file_systems', id, {
    ...identity(tx),
    id,
    dax_device: device.name,
    partition: command.partition ?? null,
    fs_type: command.fs_type,
    rmapbt: command.fs_type === 'xfs' && (command.rmapbt ?? false),
    reflink,
    agcount: command.fs_type === 'xfs' ? (command.agcount ?? DEFAULT_AGCOUNT) : 1,
    generation,
    start_pfn: start,
    nr_pages: part,
    next_free: metadataPages(part),
  });
}

/** umount(2): EBUSY while a task maps its files, for ever where that task oopsed; `lazy` is umount -l. */
export function umount(tx: Transaction, command: Extract<Command, { type: 'umount' }>): Outcome | Refusal {
  const mount = findMount(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  const busy = inUse(tx, mount);
  if (busy && !command.lazy)
    return kernelRefuses(
      'EBUSY',
      'target is busy: files are in use (lazy=true detaches it, munmap or exit ends the use)',
    );
  if (mount.fs_state === 'frozen' && !command.lazy)
    return kernelRefuses('EBUSY', 'target is busy: the file system is frozen until POST …/reboot');
  if (busy) {
    patch(tx, 'mounts', mount.id, { state: 'lazy' });
    emit(tx, 'mount_changed', `mounts/${mount.id}`, { state: 'lazy' });
    return okOutcome();
  }
  dropMount(tx, mount);
  return okOutcome();
}

/** Takes a mount away; its files go over to another mount of the superblock, where there is one. */
export function dropMount(tx: Transaction, mount: Mount): void {
  const other = mountsOfSuperblock(tx, mount).find(({ id }) => id !== mount.id);
  remove(tx, 'mounts', mount.id);
  if (other !== undefined) {
    for (const file of filesOf(tx.host, mount.file_system)) patch(tx, 'files', file.id, { mount: other.id });
  }
  emit(tx, 'mount_deleted', `mounts/${mount.id}`, { path: mount.path });
}

/** A detached file system ends with its last user. */
export function reapLazyMounts(tx: Transaction): void {
  for (const mount of tx.host.tables.mounts.where(({ state }) => state === 'lazy'))
    if (!inUse(tx, mount)) dropMount(tx, mount);
}

/** Whether a task that is not reaped maps a file that was opened through the mount. */
export function inUse(tx: Transaction, mount: Mount): boolean {
  const mapped = mappingsOfDevice(tx.host, mount.dax_device).filter(({ file }) => {
    return file !== null && tx.host.tables.files.get(file)?.mount === mount.id;
  });
  return mapped.some((mapping) => {
    const process = must(tx.host.tables.processes.get(String(mapping.pid)), `process ${String(mapping.pid)}`);
    return holdsMemory(process);
  });
}

/** XFS_IOC_GOINGDOWN, EXT4_IOC_SHUTDOWN by the administrator. */
export function shutdownMount(
  tx: Transaction,
  command: Extract<Command, { type: 'shutdown_mount' }>,
): Answer | Refusal {
  const mount = findMount(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  if (mount.fs_state === 'frozen')
    return refuse('dax_device_busy', 'the file system is frozen: the shutdown waits until POST …/reboot');
  const record = patchSuperblock(tx, mount, { fs_state: 'shutdown', shutdown_reason: 'FS_IOC_SHUTDOWN' });
  emit(tx, 'mount_changed', `mounts/${mount.id}`, { shutdown: 'FS_IOC_SHUTDOWN' });
  return { record };
}

/**
 * kjournald2's periodic commit (every 5 s on a real kernel; here when asked). On a device that is gone the
 * commit block cannot be written and the journal aborts (R41).
 */
export function commitJournal(
  tx: Transaction,
  command: Extract<Command, { type: 'commit_journal' }>,
): Answer | Refusal {
  const mount = findMount(tx.host, command.mount);
  if (isRefusal(mount)) return mount;
  if (mount.fs_type !== 'ext4') return refuse('not_modelled', 'only ext4 has a jbd2 journal');
  const dead = blockDeviceGone(tx.host, mount) && mount.fs_state === 'alive' && mount.journal === 'live';
  if (dead) abortJournal(tx, mount);
  return { record: must(tx.host.tables.mounts.get(mount.id), mount.id) };
}
