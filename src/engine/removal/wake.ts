import type { Pin } from '../model/host.ts';
import { removalsNotCompleted } from '../model/lookup.ts';
import type { RemovalRecord, WaitingOn } from '../model/removal.ts';
import { deletedOf, emit, patch, type Transaction } from '../model/transaction.ts';
import { pagesLetGo, withStillHeld } from './pages_waited_for.ts';
import { progressOf, waitedFor } from './progress.ts';

/**
 * Pins that were released wake the removals that waited for them: they run again and look whether anything is left.
 * O(deleted records) where none was, else O(ranges of the pins that these wait for).
 */
export function wakeRemovals(tx: Transaction): void {
  const released = deletedOf(tx, 'pins');
  if (released.size === 0) return;
  for (const removal of removalsNotCompleted(tx.host))
    if (removal.state === 'waiting') wake(tx, removal, released);
}

function wake(tx: Transaction, removal: RemovalRecord, released: ReadonlyMap<string, Pin>): void {
  const left: WaitingOn[] = [];
  const gone: Pin[] = [];
  for (const wait of removal.waiting_on) {
    const pin = released.get(wait.pin);
    if (pin === undefined) left.push(wait);
    else gone.push(pin);
  }
  if (gone.length === 0) return;
  const isLeft = left.length > 0;
  const waits = { ...removal, waiting_on: left };
  const report = withStillHeld(removal.report, (before) =>
    isLeft ? before - pagesLetGo(tx.host, waits, gone) : 0,
  );
  const state = isLeft ? 'waiting' : 'running';
  const after = patch(tx, 'removals', removal.id, { state, waiting_on: left, report });
  emit(tx, 'removal_waiting', `removals/${removal.id}`, {
    pins: left.map(({ pin }) => pin),
    ...progressOf(after, waitedFor(after)),
  });
}
