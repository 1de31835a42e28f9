import { removalsNotCompleted } from '../model/lookup.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import { progressOf, waitedFor } from './progress.ts';

/** A released pin wakes the removals that waited for it: they run again and look whether anything is left. */
export function wakeRemovals(tx: Transaction): void {
  for (const removal of removalsNotCompleted(tx.host)) {
    if (removal.state !== 'waiting') continue;
    const held = removal.waiting_on.filter((wait) => tx.host.tables.pins.has(wait.pin));
    if (held.length === removal.waiting_on.length) continue;
    const state = held.length === 0 ? 'running' : 'waiting';
    const after = patch(tx, 'removals', removal.id, { state, waiting_on: held });
    emit(tx, 'removal_waiting', `removals/${removal.id}`, {
      pins: held.map((wait) => wait.pin),
      ...progressOf(after, waitedFor(after)),
    });
  }
}
