import type { CreateMapping } from '../model/use_command.ts';
import { isAlive } from '../mm/cdev.ts';
import { touch } from '../mm/fault.ts';
import { findMapper } from '../mm/mm_locked.ts';
import { touchAtime } from '../mm/times.ts';
import { hasOnlineMemory } from '../model/memory_range.ts';
import type { OpenFile, OpenFlag } from '../model/open_file.ts';
import type { DaxDevice, File, Mapping } from '../model/host.ts';
import { deviceOf, fileOf, findModelled, findFile, findOpenFile, superblockOf } from '../model/lookup.ts';
import { isRefusal, kernelRefuses, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, identity, nextId, put, type Transaction } from '../model/transaction.ts';
import { isModelledProvider } from '../model/provider.ts';
import { isOnDaxBus, PAGE_BYTES, type PageSize } from '../model/vocabulary.ts';
import { wayBack } from '../device/way_back.ts';
import { cdevOf } from '../model/cdev.ts';
import type { Outcome } from '../model/outcome.ts';
import { mapsNothing, openToMap } from '../mm/map_node.ts';
import { refusesOpen } from './open_file.ts';

/**
 * mmap(2) of a file or of the device node, opened for it, or through a descriptor. 409 with the kernel's errno where open
 * or mmap is refused (R8-R11); an outcome instead where it oopses or does not return (S15, S20).
 */
export function createMapping(tx: Transaction, command: CreateMapping): Mapping | Outcome | Refusal {
  const process = findMapper(tx.host, command.pid, '/pid');
  if (isRefusal(process)) return process;
  const target = resolve(tx, command);
  if (isRefusal(target)) return target;
  const refused =
    refusesShape(command) ??
    opened(tx, command, target) ??
    (target.file === null ? refusesNode(tx, command, target) : refusesFile(tx, command, target.file, target));
  if (refused !== null) return refused;
  const page_size = command.page_size ?? defaultPageSize(target);
  const id = nextId(tx, 'v');
  const anonymous = isAnonymous(target);
  const { uid, revision, host } = identity(tx);
  const mapping = put(tx, 'mappings', id, {
    uid,
    revision,
    host,
    id,
    pid: command.pid,
    dax_device: target.device.name,
    file: target.file?.id ?? null,
    description: anonymous ? null : (target.open_file?.description ?? id),
    opened: anonymous ? null : (target.open_file?.flags[0] ?? openedFor(command)),
    offset: command.offset,
    length: command.length,
    address: addressFor(id, command, page_size),
    flags: command.flags,
    prot: command.prot,
    page_size,
    activity: command.activity ?? 'idle',
    device_instance: target.open_file?.device_instance ?? target.device.instance,
    generation: target.device.generation,
    anonymous,
    present: { pte: 0, pmd: 0, pud: 0, anon: 0 },
  });
  if (target.file !== null) touchAtime(tx, superblockOf(tx.host, target.file.file_system)!, target.file);
  const failed = populate(tx, command, mapping);
  if (failed !== null) return failed;
  emit(tx, 'mapping_created', `mappings/${id}`, { pid: command.pid });
  return tx.host.tables.mappings.get(id)!;
}

interface Target {
  readonly file: File | null;
  readonly device: DaxDevice;
  /** The descriptor that it is mapped through; null where it is opened for the mapping. */
  readonly open_file: OpenFile | null;
}

/** What is mapped is opened first: an outcome where that, or the mmap(2) of what it finds, does not come back. */
function opened(tx: Transaction, command: CreateMapping, target: Target): Outcome | Refusal | null {
  const { file, device, open_file } = target;
  if (open_file !== null) return mapsNothing(tx, open_file);
  const isChardev = file === null && isOnDaxBus(device.mode) && !isAnonymous(target);
  return isChardev ? openToMap(tx, command.pid, device, openedFor(command)) : null;
}

/** Memory of system RAM has no file behind it, but where a descriptor of the device node is mapped. */
function isAnonymous({ file, device, open_file }: Target): boolean {
  return file === null && open_file === null && device.mode === 'system-ram';
}

/** How a file is opened for a mapping: to store into it takes a shared writable one. */
function openedFor({ flags, prot }: CreateMapping): OpenFlag {
  return prot === 'rw' && !flags.includes('private') ? 'rdwr' : 'rdonly';
}

function resolve(tx: Transaction, command: CreateMapping): Target | Refusal {
  const told = [command.file, command.dax_device, command.open_file].filter((one) => one !== undefined);
  if (told.length !== 1)
    return refuse('invalid_field', 'exactly one of file, dax_device and open_file is needed', {
      pointer: '/file',
    });
  if (command.open_file !== undefined) return resolveOpen(tx, command, command.open_file);
  if (command.file !== undefined) {
    const file = findFile(tx.host, command.file);
    if (isRefusal(file)) return { ...file, pointer: '/file' };
    return { file, device: deviceOf(tx.host, file.dax_device), open_file: null };
  }
  const device = findModelled(tx.host, command.dax_device!);
  return isRefusal(device) ? { ...device, pointer: '/dax_device' } : { file: null, device, open_file: null };
}

/** Through a descriptor of the process itself, opened for reading; for a shared writable mapping for writing, too. */
function resolveOpen(tx: Transaction, command: CreateMapping, id: string): Target | Refusal {
  const pointer = '/open_file';
  const open_file = findOpenFile(tx.host, id);
  if (isRefusal(open_file)) return { ...open_file, pointer };
  if (open_file.pid !== command.pid)
    return refuse('invalid_field', `${id} is a descriptor of process ${String(open_file.pid)}`, { pointer });
  const [mode] = open_file.flags;
  if (mode === 'wronly' || (mode === 'rdonly' && openedFor(command) !== 'rdonly'))
    return kernelRefuses('EACCES', `the descriptor was opened ${mode}`);
  const file = open_file.file === null ? null : fileOf(tx.host, open_file.file);
  return { file, device: deviceOf(tx.host, open_file.dax_device), open_file };
}

function refusesShape(command: CreateMapping): Refusal | null {
  if (command.offset % PAGE_BYTES !== 0)
    return refuse('invalid_field', 'offset must be a multiple of 4096', { pointer: '/offset' });
  if (command.length < PAGE_BYTES || command.length % PAGE_BYTES !== 0) {
    return refuse('invalid_field', 'length must be a positive multiple of 4096', { pointer: '/length' });
  }
  const flags = new Set(command.flags);
  if (flags.has('shared') === flags.has('private') || (flags.has('sync') && flags.has('private'))) {
    return refuse('invalid_field', 'flags must be shared, shared and sync, or private', {
      pointer: '/flags',
    });
  }
  if (command.populate === 'write' && command.prot === 'r') {
    return refuse('invalid_field', 'populate: write needs prot: rw', { pointer: '/populate' });
  }
  return null;
}

function refusesFile(
  tx: Transaction,
  command: CreateMapping,
  file: File,
  { device, open_file }: Target,
): Refusal | null {
  const refusal = open_file === null ? refusesOpen(tx, file, [openedFor(command)]) : refusesMmap(tx, file);
  if (refusal !== null) return refusal;
  const { provider } = device;
  if (command.flags.includes('sync') && file.dax && provider !== null && !isModelledProvider(provider)) {
    return unknownOutcome(
      `whether the region of ${device.name} is synchronous is not known: its bus is ${provider}`,
    );
  }
  const synchronous = file.dax && provider !== 'virtio-pmem';
  if (command.flags.includes('sync') && !synchronous) {
    return kernelRefuses('EOPNOTSUPP', 'MAP_SYNC needs DAX and a synchronous region');
  }
  return null;
}

/**
 * mmap(2) through a descriptor: ext4 asks whether the file system was shut down, xfs does not, and whether the device is
 * gone nobody (S33, S34). Source: fs/ext4/file.c ext4_file_mmap(), fs/xfs/xfs_file.c xfs_file_mmap().
 */
function refusesMmap(tx: Transaction, file: File): Refusal | null {
  const { fs_type, fs_state } = superblockOf(tx.host, file.file_system)!;
  return fs_type === 'ext4' && fs_state === 'shutdown'
    ? kernelRefuses('EIO', 'the file system is shut down')
    : null;
}

/**
 * check_vma(): devdax maps shared, aligned, of a live device; system-ram takes anonymous memory (an offset means
 * nothing there), mbind(2) wants a node with memory, mmap(2) no MAP_SHARED_VALIDATE without a file (mm/mmap.c
 * do_mmap()); other modes map their block device.
 */
function refusesNode(tx: Transaction, command: CreateMapping, target: Target): Refusal | null {
  const { device, open_file } = target;
  if (open_file !== null && open_file.device_instance !== device.instance)
    return throughGone(device, open_file);
  if (isAnonymous(target)) {
    if (command.flags.includes('sync')) return kernelRefuses('EINVAL', 'anonymous memory takes no MAP_SYNC');
    return hasOnlineMemory(tx.host, device.name)
      ? null
      : kernelRefuses('EINVAL', `mbind: the node of ${device.name} has no memory`);
  }
  if (device.mode === 'sector')
    return refuse('not_modelled', 'a mapping of the block device of a sector namespace (btt)');
  if (!isOnDaxBus(device.mode)) {
    if (device.driver === null)
      return kernelRefuses('ENOENT', `the block device is gone: ${wayBack(tx.host, device)}`);
    return command.flags.includes('sync')
      ? kernelRefuses('EOPNOTSUPP', 'a block device takes no MAP_SYNC')
      : null;
  }
  if (!isAlive(device)) return kernelRefuses('ENXIO', 'dax_alive() is false');
  if (command.flags.includes('private'))
    return kernelRefuses('EINVAL', 'dax_mmap: attempted private mapping');
  const align = device.align!;
  const aligned =
    command.length % align === 0 && command.offset % align === 0 && (command.page_size ?? align) >= align;
  return aligned ? null : kernelRefuses('EINVAL', 'dax_mmap: unaligned vma');
}

/** Through a descriptor of what is gone for good, whatever the device is by now (S18). */
function throughGone(device: DaxDevice, { device_instance }: OpenFile): Refusal {
  if (cdevOf(device, device_instance) !== null)
    return kernelRefuses('ENXIO', 'the dev_dax of the descriptor is gone for good');
  return unknownOutcome(
    `what mmap of a descriptor of a block device that is gone answers is not recorded: open ${device.name} again`,
  );
}

function defaultPageSize(target: Target): PageSize {
  if (target.file !== null) return 2097152;
  if (target.device.mode === 'system-ram') return 4096;
  return target.device.align === 4096 ? 4096 : target.device.align === 1073741824 ? 1073741824 : 2097152;
}

/** One slot of 1 TiB a mapping, by its number; moved by 4 KiB where larger entries must not fit. */
function addressFor(id: string, command: CreateMapping, page_size: PageSize): string {
  const slot = BigInt(id.slice(1));
  const skew = page_size === 4096 && command.file !== undefined ? 4096n : 0n;
  const colour = BigInt(command.offset % 1073741824);
  return `0x${(0x100000000000n + slot * 0x10000000000n + colour + skew).toString(16)}`;
}

function populate(tx: Transaction, command: CreateMapping, mapping: Mapping): Refusal | null {
  if (command.populate === undefined || command.populate === 'none') return null;
  const { failure } = touch(tx, mapping, 0, mapping.length / PAGE_BYTES, command.populate === 'write');
  if (failure === null || failure.why === 'sigbus') return null;
  if (failure.why === 'refused') return failure.refusal;
  return refuse('dax_device_busy', 'MAP_POPULATE does not return while the file system is frozen', {
    pointer: '/populate',
  });
}
