import type { Answer } from './answer.ts';
import type { RemovalRecord } from './model/removal.ts';

/** The removals that a command began, whichever member of its answer has them. */
export function begunBy({ record, cxl, removals }: Answer): readonly RemovalRecord[] {
  return isRemoval(record) ? [record] : (cxl?.removals ?? removals ?? []);
}

/** The same answer, each removal of it as `now` has it. */
export function withBegun(answer: Answer, now: (removal: RemovalRecord) => RemovalRecord): Answer {
  const { record, cxl, removals } = answer;
  if (isRemoval(record)) return { ...answer, record: now(record) };
  if (cxl !== undefined) return { ...answer, cxl: { ...cxl, removals: cxl.removals.map(now) } };
  return removals === undefined ? answer : { ...answer, removals: removals.map(now) };
}

function isRemoval(record: Answer['record']): record is RemovalRecord {
  return record !== undefined && 'steps' in record;
}
