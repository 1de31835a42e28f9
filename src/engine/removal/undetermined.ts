import type { DependsOn } from '../model/depends_on.ts';
import type { EventType } from '../model/event.ts';
import { must, removalsNotCompleted } from '../model/lookup.ts';
import type { RemovalRecord } from '../model/removal.ts';
import { emit, patch, put, type Transaction } from '../model/transaction.ts';

/**
 * A removal rests before a step of which nobody knows what it does on this kernel (UNK5): what is known of it stands,
 * and the task that unbinds is where it was.
 */
export function restUndetermined(
  tx: Transaction,
  id: string,
  depends_on: readonly DependsOn[],
): RemovalRecord {
  const removal = must(tx.host.tables.removals.get(id), `removal ${id}`);
  const rests = { state: 'undetermined', verdict: 'undetermined', depends_on } as const;
  const after = patch(tx, 'removals', removal.id, rests);
  emit(tx, 'removal_undetermined', `removals/${removal.id}`, { facts: depends_on.map(({ fact }) => fact) });
  return after;
}

/**
 * A removal rests before a step that a bug of this service keeps it from (UNK13): nobody waits for it, and it is tried
 * again as any that rests. One that has come to rest meanwhile stays as it is.
 */
export function restFailed(tx: Transaction, id: string): RemovalRecord {
  const removal = must(tx.host.tables.removals.get(id), `removal ${id}`);
  if (removal.state !== 'running') return removal;
  const position = removal.steps.findIndex((step) => step.state !== 'done');
  const steps = removal.steps.map((step, at) => (at === position ? { ...step, result: FAILED } : step));
  patch(tx, 'removals', id, { steps });
  return restUndetermined(tx, id, []);
}

const FAILED = { failed: 'a fault of this service: its log tells it' } as const;

/** What may settle a step: another kernel, other probes, or a user less. */
const SETTLING: ReadonlySet<EventType> = new Set([
  'host_changed',
  'inventory_imported',
  'mapping_deleted',
  'mount_deleted',
  'pin_deleted',
  'process_ended',
]);

/** Removals that rest are tried again once something has happened that may settle their next step. */
export function retryUndetermined(tx: Transaction): void {
  if (!tx.events.some(({ type }) => SETTLING.has(type))) return;
  for (const removal of removalsNotCompleted(tx.host)) {
    if (removal.state === 'undetermined') retry(tx, removal);
  }
}

/** It goes on where it rests, if it can now. */
export function retry(tx: Transaction, { depends_on: _before, ...removal }: RemovalRecord): void {
  put(tx, 'removals', removal.id, { ...removal, state: 'running', verdict: null });
  emit(tx, 'removal_retried', `removals/${removal.id}`);
}
