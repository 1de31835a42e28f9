import { wayBack } from '../device/way_back.ts';
import { openNode, type OpenedNode } from '../mm/cdev.ts';
import { putDescriptor } from '../mm/descriptor.ts';
import { findByPath, reachBy } from '../fs/mount.ts';
import { hang } from '../mm/process_end.ts';
import type { OpenFile, OpenFlag } from '../model/open_file.ts';
import type { Outcome } from '../model/outcome.ts';
import type { DaxDevice, File } from '../model/host.ts';
import { deviceOf, findActor, findFile, findModelled } from '../model/lookup.ts';
import { isRefusal, kernelRefuses, refuse, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import type { OpenFileCommand } from '../model/use_command.ts';
import { isOnDaxBus } from '../model/vocabulary.ts';

/**
 * open(2) of a file or of the node of a device. 409 with the kernel's errno where it refuses: EIO of a file system that
 * is shut down, EROFS, ENXIO and ENOENT of a node. An outcome instead where it does not return, since `cdev_lock` is never
 * given back (S20). Source: fs/xfs/xfs_file.c xfs_file_open(), fs/ext4/file.c
 * ext4_file_open(), drivers/dax/device.c dax_open(), fs/char_dev.c chrdev_open(); OPEN3.
 */
export function openFile(tx: Transaction, command: OpenFileCommand): OpenFile | Outcome | Refusal {
  const process = findActor(tx.host, command.pid, '/pid');
  if (isRefusal(process)) return process;
  const target = command.file === undefined ? openDevice(tx, command) : openInode(tx, command, command.file);
  if (isRefusal(target)) return target;
  if ('spins_in' in target.node) return hang(tx, command.pid, target.node.spins_in);
  const { file, device, node } = target;
  return putDescriptor(tx, {
    pid: command.pid,
    dax_device: device.name,
    file: file?.id ?? null,
    flags: command.flags,
    device_instance: device.instance,
    opened_dead: node.opened_dead,
  });
}

interface Target {
  readonly file: File | null;
  readonly device: DaxDevice;
  readonly node: OpenedNode;
}

/** What is no node of a device-dax. */
const NO_CDEV: OpenedNode = { opened_dead: false };

function openInode(tx: Transaction, { flags }: OpenFileCommand, id: string): Target | Refusal {
  const file = findFile(tx.host, id);
  if (isRefusal(file)) return { ...file, pointer: '/file' };
  const device = deviceOf(tx.host, file.dax_device);
  return refusesOpen(tx, file, flags) ?? { file, device, node: NO_CDEV };
}

/** Why open(2) of a file fails, also where it is opened to be mapped (OPEN3). */
export function refusesOpen(tx: Transaction, file: File, flags: readonly OpenFlag[]): Refusal | null {
  const mount = findByPath(tx.host, file);
  if (isRefusal(mount)) return { ...mount, pointer: '/file' };
  if (file.state !== 'linked')
    return kernelRefuses('ENOENT', `${file.path} was unlinked: no name leads to ${file.id}`);
  if (mount.fs_state === 'shutdown') return kernelRefuses('EIO', 'the file system is shut down');
  if (mount.read_only && !flags.includes('rdonly'))
    return kernelRefuses('EROFS', 'the file system is read-only');
  return reachBy(tx, file, mount);
}

function openDevice(tx: Transaction, command: OpenFileCommand): Target | Refusal {
  const device = findModelled(tx.host, command.dax_device!);
  if (isRefusal(device)) return { ...device, pointer: '/dax_device' };
  if (!isOnDaxBus(device.mode)) {
    if (device.mode === 'sector')
      return refuse('not_modelled', 'a descriptor of the block device of a sector namespace (btt)');
    return device.driver === null
      ? kernelRefuses('ENOENT', `the block device is gone: ${wayBack(tx.host, device)}`)
      : { file: null, device, node: NO_CDEV };
  }
  const node = openNode(tx, device);
  return isRefusal(node) ? node : { file: null, device, node };
}
