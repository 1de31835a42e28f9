import { commonEnds } from '../engine/model/mapping_table.ts';

/** Plain JSON as a record has it. */
type Plain = Readonly<Record<string, unknown>>;

/**
 * What makes of one state of a record the next, as plain JSON; 0 stands for none, and is left out at the end. `set`:
 * members with other values, or new; `unset`: members that are gone; `within`: objects that differ in members of theirs;
 * `splice`: arrays, of which so many members stay at the head, so many at the tail, and these stand between. What is equal
 * is not named.
 */
export type Patch = readonly [
  set?: Plain | 0,
  unset?: readonly string[] | 0,
  within?: Readonly<Record<string, Patch>> | 0,
  splice?: Readonly<Record<string, Splice>>,
];
type Splice = readonly [head: number, tail: number, between: readonly unknown[]];

/** What makes `after` of `before`; members that are undefined are none. O(what is not shared by identity). */
export function patchOf(before: Plain, after: Plain): Patch {
  const set: [string, unknown][] = [];
  const unset: string[] = [];
  const within: [string, Patch][] = [];
  const splice: [string, Splice][] = [];
  const names = Object.keys(after);
  for (const name of names) {
    const value = after[name];
    // Nothing that every object has is plain JSON.
    if (value === undefined || value === before[name]) continue;
    const former = memberOf(before, name);
    if (Array.isArray(former) && Array.isArray(value)) {
      const made = spliceOf(former, value);
      if (made !== null) splice.push([name, made]);
    } else if (isPlain(former) && isPlain(value)) {
      const patch = patchOf(former, value);
      if (patch.length > 0) within.push([name, patch]);
    } else set.push([name, value]);
  }
  const former = Object.keys(before);
  const isAlike = haveSameNames(names, former);
  for (const name of former) {
    const isThere = isAlike ? after[name] !== undefined : memberOf(after, name) !== undefined;
    if (!isThere && before[name] !== undefined) unset.push(name);
  }
  const parts = [membersOf(set), unset.length === 0 ? 0 : unset, membersOf(within), membersOf(splice)];
  while (parts.at(-1) === 0) parts.pop();
  return parts as unknown as Patch;
}

/** Whether two lists of names are the same: most states of a record have the members of the one before. */
export function haveSameNames(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false;
  for (let at = 0; at < names.length; at += 1) if (names[at] !== others[at]) return false;
  return true;
}

/** A label may be called __proto__: fromEntries() makes a member of it, an assignment would not. */
function membersOf(entries: readonly (readonly [string, unknown])[]): Plain | 0 {
  return entries.length === 0 ? 0 : Object.fromEntries(entries);
}

/** The state that follows: patched(before, patchOf(before, after)) equals `after`. */
export function patched(before: Plain, [set, unset, within, splice]: Patch): Plain {
  const after = new Map(Object.entries({ ...before, ...(set === 0 ? {} : set) }));
  const inner: Readonly<Record<string, Patch>> = within === undefined || within === 0 ? {} : within;
  for (const [name, patch] of Object.entries(inner)) after.set(name, patched(before[name] as Plain, patch));
  for (const [name, [head, tail, between]] of Object.entries(splice ?? {})) {
    const former = before[name] as readonly unknown[];
    after.set(name, [...former.slice(0, head), ...between, ...former.slice(former.length - tail)]);
  }
  if (unset !== 0) for (const name of unset ?? []) after.delete(name);
  return Object.fromEntries(after);
}

/** Null where both are the same. */
function spliceOf(before: readonly unknown[], after: readonly unknown[]): Splice | null {
  const [head, tail] = commonEnds(before, after, isSame);
  if (head === before.length && head === after.length) return null;
  return [head, tail, after.slice(head, after.length - tail)];
}

/** Whether both print as the same JSON, but for the order of members. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((member, at) => isSame(member, b[at]));
  if (!isPlain(a) || !isPlain(b)) return false;
  return (
    Object.keys(a).every((name) => isSame(a[name], memberOf(b, name))) &&
    Object.keys(b).every((name) => b[name] === undefined || Object.hasOwn(a, name))
  );
}

/** A member of its own: every object has a `constructor`, and a label may be called so. */
function memberOf(value: Plain, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
