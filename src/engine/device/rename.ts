import { deviceOf } from '../model/lookup.ts';
import type { RecordOf } from '../model/host.ts';
import type { Table } from '../model/table.ts';
import { renamed } from './lifecycle.ts';
import { emit, patch, put, remove, type Transaction } from '../model/transaction.ts';

/** Kinds whose records name their device. */
const OF_A_DEVICE = [
  'file_systems',
  'mounts',
  'files',
  'open_files',
  'mappings',
  'pins',
  'removals',
  'hotplug_events',
  'exposures',
] as const;

/**
 * A device goes on under another name, which nothing has: the very record, and all that names it follows. O(records
 * of the host).
 */
export function renameDevice(tx: Transaction, from: string, to: string): void {
  const device = deviceOf(tx.host, from);
  renamed(tx, device, to);
  // A range is found by the name of its device.
  const range = tx.host.tables.memory_ranges.get(from);
  if (range !== undefined) {
    remove(tx, 'memory_ranges', from);
    put(tx, 'memory_ranges', to, { ...range, id: to, dax_device: to });
  }
  for (const kind of OF_A_DEVICE) {
    const table: Table<RecordOf<typeof kind>> = tx.host.tables[kind];
    for (const { id } of table.where(({ dax_device }) => dax_device === from)) {
      patch(tx, kind, id, { dax_device: to });
    }
  }
  emit(tx, 'dax_device_changed', `dax-devices/${to}`, { previous_name: from });
}
