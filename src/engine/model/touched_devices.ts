import type { Change } from './event.ts';
import { hasEnded, mappingsOfPid, openFilesOfPid } from './lookup.ts';
import type { Transaction } from './transaction.ts';

/**
 * The devices that a command has changed, or a record of what is on them or reaches them, a task that has such a record
 * included: what follows a command looks at no others. O(changes).
 */
export function touchedDevices(tx: Transaction): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { changes } of tx.events) for (const change of changes) addDevices(names, tx, change);
  return names;
}

function addDevices(names: Set<string>, tx: Transaction, change: Change): void {
  if (change.op !== 'put' && change.op !== 'delete') return;
  const { kind, id } = change;
  if (kind === 'dax_devices') {
    if (tx.host.tables.dax_devices.has(id)) names.add(id);
  } else if (change.kind === 'processes') {
    // One that has ended has nothing left.
    if (change.op === 'delete' || !hasEnded(change.record)) addOfProcess(names, tx, Number(id));
  } else {
    const record = change.op === 'put' ? change.record : tx.deleted.get(change)!;
    if ('dax_device' in record) names.add(record.dax_device);
  }
}

function addOfProcess(names: Set<string>, { host }: Transaction, pid: number): void {
  for (const { dax_device } of mappingsOfPid(host, pid)) names.add(dax_device);
  for (const { dax_device } of openFilesOfPid(host, pid)) names.add(dax_device);
}
