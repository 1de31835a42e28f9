import { forgetRange } from './kmem/remove.ts';
import type { DaxDevice } from '../model/host.ts';
import { isInUse } from '../model/lookup.ts';
import { memoryRangesOf } from '../model/memory_range.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { emit, remove, type Transaction } from '../model/transaction.ts';

/**
 * The record of a device goes, with what is on it. Never a hot-remove. Refused: a removal that runs, users, memory
 * that has leaked.
 */
export function forgetDevice(tx: Transaction, { name, removal }: DaxDevice): null | Refusal {
  if (removal !== null) return refuse('removal_in_progress', `${name} is being removed`);
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
