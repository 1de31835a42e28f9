import { deleteFile } from '../mm/last_user.ts';
import { deviceOf, fileSystemsOfDevice, filesOf, superblockOf } from '../model/lookup.ts';
import { emit, remove, type Transaction } from '../model/transaction.ts';
import { touchedDevices } from '../model/touched_devices.ts';

/**
 * File systems that are no longer on their medium (another one was made over it, the device was given away, the medium
 * was replaced: GEN3) end with their files once their superblock is gone, which outlives every mapping: no mount can
 * find them again.
 */
export function reapLostFiles(tx: Transaction): void {
  const touched = [...touchedDevices(tx)].flatMap((name) => fileSystemsOfDevice(tx.host, name));
  const lost = touched.filter(
    ({ id, dax_device, generation }) =>
      generation !== deviceOf(tx.host, dax_device).generation && superblockOf(tx.host, id) === null,
  );
  for (const { id, dax_device } of lost) {
    for (const file of filesOf(tx.host, id)) deleteFile(tx, file);
    remove(tx, 'file_systems', id);
    emit(tx, 'dax_device_changed', `dax-devices/${dax_device}`, { file_system_lost: id });
  }
}
