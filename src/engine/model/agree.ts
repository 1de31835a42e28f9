import { dependOn, type Dependent } from './depends_on.ts';

/** What several outcomes of the same thing have in common. Plain JSON. */
export interface Agreed<T> {
  /** The first of them, but without what only words tell apart, and with the rows of lists of dangers that all have. */
  readonly value: T;
  /** JSON pointers to what was left out of it, or is told in the words of all. */
  readonly left_out: readonly string[];
  /** JSON pointers to what they differ in, so that they are not one outcome. */
  readonly conflicts: readonly string[];
}

/** Where the walk is, and what it has found. */
interface Walk {
  readonly path: string;
  readonly left_out: string[];
  readonly conflicts: string[];
}

type Json = { readonly [member: string]: unknown };
type Rule = (values: readonly unknown[], walk: Walk) => unknown;

/**
 * Members that tell in words, or in the kernel's symbols, what others tell already, and lists of which each row is true
 * by itself: a difference in one of these alone does not make two outcomes of one (UNK3). How often a record was changed
 * on the way, or how far its events say that a removal is, is none either.
 */
const RULES: Readonly<Record<string, Rule>> = {
  at: symbol,
  blocked_in: symbol,
  kernel_log: inAll,
  progress: membersOfAll,
  triggered_by: inAll,
  detail: wordsOfAll,
  source: wordsOfAll,
  hazards: alike((hazard) => [hazard['kind'], hazard['pid'], hazard['mapping'], hazard['pin']]),
  steps: stepsOfAll,
  simulated_kernel_cost: noEstimate,
  advice: alike((one) => [one['action'], one['targets'], one['commands']]),
  depends_on: unionOfAll,
  revision: (values) => values[0],
};

/** Compares outcomes, and makes one of them where they are one. */
export function agree<T>(values: readonly T[]): Agreed<T> {
  const walk: Walk = { path: '', left_out: [], conflicts: [] };
  const value = meet(values, walk) as T;
  return { value, left_out: walk.left_out, conflicts: walk.conflicts };
}

/** Whether they are one outcome, wording aside. */
export function isOneOutcome(values: readonly unknown[]): boolean {
  return agree(values).conflicts.length === 0;
}

function meet(values: readonly unknown[], walk: Walk, member = ''): unknown {
  const [first, ...others] = values;
  if (others.every((other) => isEqual(first, other))) return first;
  const rule = RULES[member];
  if (rule !== undefined) return rule(values, walk);
  if (values.every(Array.isArray)) return meetRows(values, walk);
  if (values.every(isObject)) return meetMembers(values, walk);
  walk.conflicts.push(walk.path);
  return first;
}

function meetRows(lists: readonly (readonly unknown[])[], walk: Walk): unknown {
  const [first] = lists;
  if (lists.some(({ length }) => length !== first!.length)) {
    walk.conflicts.push(walk.path);
    return first;
  }
  return first!.map((_row, at) =>
    meetAt(
      lists.map((list) => list[at]),
      walk,
      String(at),
    ),
  );
}

function meetMembers(objects: readonly Json[], walk: Walk): unknown {
  const members = new Set(objects.flatMap(Object.keys));
  return Object.fromEntries(
    [...members].map((member) => [
      member,
      meetAt(
        objects.map((object) => object[member]),
        walk,
        member,
      ),
    ]),
  );
}

function meetAt(values: readonly unknown[], walk: Walk, member: string): unknown {
  return meet(values, { ...walk, path: `${walk.path}/${member}` }, member);
}

/** A symbol that is not known is none. Null on one side alone is a fact that differs. */
function symbol(values: readonly unknown[], walk: Walk): unknown {
  const told = values.every((value) => typeof value === 'string');
  (told ? walk.left_out : walk.conflicts).push(walk.path);
  return told ? null : values[0];
}

/** The rows that all have, in the order of the first. */
function inAll(values: readonly unknown[], walk: Walk): unknown {
  walk.left_out.push(walk.path);
  const [first = [], ...others] = values as readonly (readonly unknown[])[];
  return first.filter((row) => others.every((rows) => rows.some((other) => isEqual(row, other))));
}

/** Sentences: none is dropped, since each is true on some kernel that this may be. */
function wordsOfAll(values: readonly unknown[], walk: Walk): unknown {
  walk.left_out.push(walk.path);
  return [...new Set(values.map(String))].join(', or: ');
}

/** The members that all have, alike. */
function membersOfAll(values: readonly unknown[]): unknown {
  const [first = {}, ...others] = values as readonly Json[];
  const shared = Object.entries(first).filter(([member, value]) =>
    others.every((other) => isEqual(value, other[member])),
  );
  return Object.fromEntries(shared);
}

/** Rows that all have, found by what makes them the same row; the other members of one are told as they agree. */
function alike(keyOf: (row: Json) => unknown): Rule {
  return (values, walk) => {
    walk.left_out.push(walk.path);
    const key = (row: Json): string => JSON.stringify(keyOf(row));
    const lists = values as readonly (readonly Json[])[];
    return lists[0]!.flatMap((row) => {
      const same = lists.map((list) => list.find((other) => key(other) === key(row)));
      if (same.some((other) => other === undefined)) return [];
      const { value, conflicts } = agree(same);
      return conflicts.length === 0 ? [value] : [];
    });
  };
}

/**
 * Steps of a removal: those that all have, with the parameters and results that are the same for all. While some are
 * still to come, other steps are another outcome.
 */
function stepsOfAll(values: readonly unknown[], walk: Walk): unknown {
  const lists = values as readonly (readonly Json[])[];
  const [first = [], ...others] = lists;
  const nameThe = (steps: readonly Json[]): string =>
    steps.map(({ name, state }) => `${String(name)} ${String(state)}`).join();
  const isOver = lists.flat().every(({ state }) => state === 'done');
  if (!isOver && new Set(lists.map(nameThe)).size > 1) walk.conflicts.push(walk.path);
  else walk.left_out.push(walk.path);
  return first.flatMap((step) => {
    const same = others.map((steps) => steps.find(({ name }) => name === step['name']));
    if (same.includes(undefined)) return [];
    const steps = [step, ...same] as readonly Json[];
    const of = (member: string): unknown[] => steps.map((each) => each[member]);
    const shared = { parameters: membersOfAll(of('parameters')), result: membersOfAll(of('result')) };
    return [{ ...step, source: [...new Set(of('source'))].join(', or: '), ...shared }];
  });
}

/** What each says that it depends on: the whole does on all of these. */
function unionOfAll(values: readonly unknown[]): unknown {
  const lists = values as readonly Dependent['depends_on'][];
  return dependOn(...lists.map((depends_on = []) => ({ depends_on }))).depends_on;
}

/** What a removal costs is told of recorded kernels alone: where it differs there is no estimate. */
function noEstimate(values: readonly unknown[], walk: Walk): unknown {
  walk.left_out.push(walk.path);
  const reason = 'it depends on a fact that is not known of this kernel';
  if (values.includes(null)) return null;
  return { ...(values[0] as Json), seconds: null, range: null, formula: null, source: null, reason };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of plain JSON. */
function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) && one.length === other.length && one.every((row, at) => isEqual(row, other[at]))
    );
  }
  if (!isObject(one) || !isObject(other)) return false;
  const members = Object.keys(one);
  return (
    members.length === Object.keys(other).length &&
    members.every((member) => isEqual(one[member], other[member]))
  );
}
