import type { DeleteDaxDevice } from '../model/device_command.ts';
import { forgetRange } from '../device/kmem/remove.ts';
import { findDevice, isInUse } from '../model/lookup.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { remove, emit, type Transaction } from '../model/transaction.ts';

/** Deletes the record of a device nobody uses. Never a hot-remove. */
export function deleteDaxDevice(tx: Transaction, { dax_device: name }: DeleteDaxDevice): null | Refusal {
  const device = findDevice(tx.host, name);
  if (isRefusal(device)) return device;
  if (device.removal !== null) return refuse('removal_in_progress', `${name} is being removed`);
  const { file_systems, files } = tx.host.tables;
  if (isInUse(tx.host, name)) {
    return refuse('dax_device_in_use', `mounts, mappings or pins of ${name} exist`);
  }
  const ranges = memoryRangesOf(tx.host, name);
  if (ranges.some((range) => range.leaked)) {
    return refuse('dax_device_in_use', `memory of ${name} has leaked: POST …/reboot frees it`);
  }
  for (const range of ranges) forgetRange(tx, range);
  for (const file of files.values()) if (file.dax_device === name) remove(tx, 'files', file.id);
  for (const { id, dax_device } of file_systems.values())
    if (dax_device === name) remove(tx, 'file_systems', id);
  remove(tx, 'dax_devices', name);
  emit(tx, 'dax_device_deleted', `dax-devices/${name}`);
  return null;
}
