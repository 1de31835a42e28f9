import type { Kind } from '../engine/model/host.ts';
import type { Connection } from './connection.ts';
import type { Known } from './known.ts';

/** Keys that are taken from the table at once. Those that are left over are never used. */
const TAKEN = 1_024;

interface Range {
  next: number;
  readonly end: number;
}

/**
 * Prepares handing out keys: they grow with creation, and none comes twice, also where its row is gone, because a page
 * token may have it. Numbers are taken from `next_keys` many at once, in the transaction that is open: a rollback gives
 * them back.
 */
export function prepareKeys(db: Connection, known: Known): (kind: Kind) => number {
  const take = db
    .prepare<[Kind], number>(
      `INSERT INTO next_keys (kind, next) VALUES (?, 1 + ${String(TAKEN)})
       ON CONFLICT DO UPDATE SET next = next + ${String(TAKEN)} RETURNING next`,
    )
    .pluck();
  const ranges = known.map<Kind, Range>();
  return (kind) => {
    let range = ranges.get(kind);
    if (range === undefined || range.next === range.end) {
      const end = take.get(kind)!;
      range = { next: end - TAKEN, end };
      ranges.set(kind, range);
    }
    return range.next++;
  };
}
