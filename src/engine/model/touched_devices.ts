import type { Change } from './event.ts';
import { mappingsOfPid, openFilesOfPid } from './lookup.ts';
import type { Transaction } from './transaction.ts';

/**
 * The devices that a command has changed, or a record of what is on them or reaches them, a task that has such a record
 * included: what follows a command looks at no others. O(changes).
 */
export function touchedDevices(tx: Transaction): ReadonlySet<string> {
  return new Set(tx.events.flatMap(({ changes }) => changes.flatMap((change) => devicesOf(tx, change))));
}

function devicesOf(tx: Transaction, change: Change): readonly string[] {
  if (change.op !== 'put' && change.op !== 'delete') return [];
  if (change.kind === 'dax_devices') return tx.host.tables.dax_devices.has(change.id) ? [change.id] : [];
  if (change.kind === 'processes') return ofProcess(tx, Number(change.id));
  const record = change.op === 'put' ? change.record : tx.deleted.get(`${change.kind}/${change.id}`)!;
  return 'dax_device' in record ? [record.dax_device] : [];
}

function ofProcess({ host }: Transaction, pid: number): string[] {
  return [...mappingsOfPid(host, pid), ...openFilesOfPid(host, pid)].map(({ dax_device }) => dax_device);
}
