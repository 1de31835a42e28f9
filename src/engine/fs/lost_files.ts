import { deleteFile } from '../mm/last_user.ts';
import type { FileSystem, Host } from '../model/host.ts';
import { deviceOf, fileSystemsOfDevice, filesOf, superblockOf } from '../model/lookup.ts';
import { emit, remove, type Transaction } from '../model/transaction.ts';

/**
 * File systems that are no longer on their medium (another one was made over it, the device was given away, the medium
 * was replaced: GEN3) end with their files once their superblock is gone, which outlives every mapping: no mount can
 * find them again.
 */
export function reapLostFiles(tx: Transaction, touched: Iterable<string>): void {
  const lost: FileSystem[] = [];
  for (const name of touched)
    for (const file_system of fileSystemsOfDevice(tx.host, name))
      if (isLost(tx.host, file_system)) lost.push(file_system);
  for (const { id, dax_device } of lost) {
    for (const file of filesOf(tx.host, id)) deleteFile(tx, file);
    remove(tx, 'file_systems', id);
    emit(tx, 'dax_device_changed', `dax-devices/${dax_device}`, { file_system_lost: id });
  }
}

function isLost(host: Host, { id, dax_device, generation }: FileSystem): boolean {
  return generation !== deviceOf(host, dax_device).generation && superblockOf(host, id) === null;
}
