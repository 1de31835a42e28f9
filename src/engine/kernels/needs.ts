import type { Change } from './change.ts';
import { CHANGES } from './changes.ts';

const needs = new Map<Change, readonly Change[]>();
const needing = new Map<Change, readonly Change[]>();

/** A change and all that it stands on: a kernel that has it has these. */
export function withNeeds(change: Change): readonly Change[] {
  const known = needs.get(change) ?? [...new Set([change, ...change.needs.flatMap(withNeeds)])];
  needs.set(change, known);
  return known;
}

/** A change and all that stand on it: a kernel that lacks it lacks these. */
export function withThoseThatNeed(change: Change): readonly Change[] {
  const all: readonly Change[] = Object.values(CHANGES);
  const known = needing.get(change) ?? all.filter((each) => withNeeds(each).includes(change));
  needing.set(change, known);
  return known;
}
