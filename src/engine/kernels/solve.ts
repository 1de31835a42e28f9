import type { Change } from './change.ts';
import { byVersion } from './presence.ts';
import { PROFILE_RELEASES } from './profile_releases.ts';
import { readRelease } from './release.ts';
import type { Row } from './row.ts';

/** Whether a kernel has a change; null where nobody can say. */
export type Has = (change: Change) => boolean | null;

/** What a row can be on a kernel: one value where that is known, else the change that decides between several. */
export interface Solved {
  readonly values: readonly unknown[];
  readonly choice: Change | null;
}

/** All that a row can be; with `of` a part of it. */
export function solve(
  row: Row<unknown>,
  has: Has,
  of: (value: unknown) => unknown = (value) => value,
): Solved {
  const asked: Change[] = [];
  const value = of(
    valueFor(row, has, (change) => {
      const known = has(change);
      if (known === null) asked.push(change);
      return known ?? false;
    }),
  );
  const [change] = asked;
  if (change === undefined) return { values: [value], choice: null };
  const [without, having] = [false, true].map((there) =>
    solve(row, (each) => (each.id === change.id ? there : has(each)), of),
  ) as [Solved, Solved];
  const values = distinct([...without.values, ...having.values]);
  if (values.length === without.values.length && values.length === having.values.length) return without;
  return { values, choice: change };
}

/** A row is what the last change made it that the kernel has: one that came later stands on those before it. */
function valueFor(row: Row<unknown>, has: Has, ask: (change: Change) => boolean): unknown {
  if (row.by !== undefined) return row.by(ask);
  const { changed_in } = row;
  const states = statesOf(row);
  let at = changed_in.findLastIndex((change) => has(change) === true) + 1;
  while (at < changed_in.length && ask(changed_in[at]!)) at += 1;
  return states[at];
}

const states = new WeakMap<Row<unknown>, readonly unknown[]>();

/** The values of a row in the order of its changes: before the first, and after each. */
function statesOf(row: Row<unknown>): readonly unknown[] {
  const known = states.get(row) ?? [row.values[0], ...row.changed_in.map((change) => madeBy(row, change))];
  states.set(row, known);
  return known;
}

/** The value that a change made: told with it, else that of the first recorded kernel that has it. */
function madeBy(row: Row<unknown>, change: Change): unknown {
  if (change.id in row.between) return row.between[change.id];
  const first = RECORDED.find(({ release }) => byVersion(change, release).has === true)!;
  return row.values[first.column];
}

/** By the package of Debian, whose defaults their columns have. */
const RECORDED = PROFILE_RELEASES.map(({ column, builds: [build] }) => ({
  column,
  release: readRelease(build),
}));

function distinct(values: readonly unknown[]): unknown[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
