import { wayBack } from '../device/way_back.ts';
import type { OpenFile, OpenFlag } from '../model/open_file.ts';
import type { DaxDevice, File } from '../model/host.ts';
import { deviceOf, findActor, findFile, findModelled, mountedSuperblock } from '../model/lookup.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../model/refusal.ts';
import { emit, identity, nextId, put, type Transaction } from '../model/transaction.ts';
import type { OpenFileCommand } from '../model/use_command.ts';
import { isOnDaxBus } from '../model/vocabulary.ts';

/**
 * open(2) of a file or of the node of a device. 409 with the kernel's errno where it refuses: EIO of a file system that
 * is shut down, EROFS, ENXIO and ENOENT of a node. Source: fs/xfs/xfs_file.c xfs_file_open(), fs/ext4/file.c
 * ext4_file_open(), drivers/dax/device.c dax_open(), fs/char_dev.c chrdev_open(); OPEN3.
 */
export function openFile(tx: Transaction, command: OpenFileCommand): OpenFile | Refusal {
  const process = findActor(tx.host, command.pid, '/pid');
  if (isRefusal(process)) return process;
  const target = command.file === undefined ? openNode(tx, command) : openInode(tx, command, command.file);
  if (isRefusal(target)) return target;
  const { file, device } = target;
  const id = nextId(tx, 'o');
  const record = put(tx, 'open_files', id, {
    ...identity(tx),
    id,
    pid: command.pid,
    dax_device: device.name,
    file: file?.id ?? null,
    flags: command.flags,
    description: id,
    device_instance: device.instance,
  });
  emit(tx, 'open_file_created', `open-files/${id}`, { pid: command.pid });
  return record;
}

interface Target {
  readonly file: File | null;
  readonly device: DaxDevice;
}

function openInode(tx: Transaction, { flags }: OpenFileCommand, id: string): Target | Refusal {
  const file = findFile(tx.host, id);
  if (isRefusal(file)) return { ...file, pointer: '/file' };
  return refusesOpen(tx, file, flags) ?? { file, device: deviceOf(tx.host, file.dax_device) };
}

/** Why open(2) of a file fails, also where it is opened to be mapped (OPEN3). */
export function refusesOpen(tx: Transaction, file: File, flags: readonly OpenFlag[]): Refusal | null {
  const mount = mountedSuperblock(tx.host, file);
  if (isRefusal(mount)) return { ...mount, pointer: '/file' };
  if (file.state !== 'linked')
    return kernelRefuses('ENOENT', `${file.path} was unlinked: no name leads to ${file.id}`);
  if (mount.fs_state === 'shutdown') return kernelRefuses('EIO', 'the file system is shut down');
  if (mount.read_only && !flags.includes('rdonly'))
    return kernelRefuses('EROFS', 'the file system is read-only');
  return null;
}

function openNode(tx: Transaction, command: OpenFileCommand): Target | Refusal {
  const device = findModelled(tx.host, command.dax_device!);
  if (isRefusal(device)) return { ...device, pointer: '/dax_device' };
  if (!isOnDaxBus(device.mode)) {
    if (device.mode === 'sector')
      return refuse('not_modelled', 'a descriptor of the block device of a sector namespace (btt)');
    return device.driver === null
      ? kernelRefuses('ENXIO', `the block device is gone: ${wayBack(tx.host, device)}`)
      : { file: null, device };
  }
  if (!device.parent_bound || device.state === 'gone')
    return kernelRefuses('ENOENT', 'there is no device node');
  if (device.driver !== 'device_dax') return kernelRefuses('ENXIO', 'no driver serves the device node');
  return { file: null, device };
}
