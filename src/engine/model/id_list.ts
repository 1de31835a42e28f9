import { firstEndingAfter } from './pfn_range.ts';

/**
 * Ids in order of creation, which is that of their numbers: the last comes and goes in O(1), and so goes one whose
 * neighbour in front went before it; any other goes in O(log n). A Set takes a few times as long where there are
 * thousands: each look into it meets memory that the processor does not have at hand.
 */
export interface IdList {
  /** Null: one that has gone from between the others. */
  readonly ids: (string | null)[];
  /** What stands behind the letter of each; NaN of an id that is no letter and number. */
  readonly numbers: number[];
  gone: number;
  /** Behind the one that went from between the others last: who goes through them in order takes that next. */
  behind: number;
}

/** A list of these ids. */
export function idList(...ids: readonly string[]): IdList {
  const list: IdList = { ids: [], numbers: [], gone: 0, behind: 0 };
  for (const id of ids) addId(list, id);
  return list;
}

/** How many there are. */
export function countIds({ ids, gone }: IdList): number {
  return ids.length - gone;
}

/** All of them, in order. */
export function idsOf({ ids, gone }: IdList): readonly string[] {
  return (gone === 0 ? ids : ids.filter((id) => id !== null)) as readonly string[];
}

/** Adds an id behind those that were created before it, unless it is there. */
export function addId(list: IdList, id: string): void {
  const { ids, numbers } = list;
  const number = numberOf(id);
  if (number > (numbers.at(-1) ?? -1)) {
    ids.push(id);
    numbers.push(number);
    return;
  }
  const at = placeOf(list, id);
  if (ids[at] === id) return;
  ids.splice(at, 0, id);
  numbers.splice(at, 0, number);
}

/** Takes an id out, if it is there. */
export function dropId(list: IdList, id: string): void {
  const { ids, behind } = list;
  const at = ids[behind] === id ? behind : ids.at(-1) === id ? ids.length - 1 : placeOf(list, id);
  if (ids[at] !== id) return;
  ids[at] = null;
  list.gone += 1;
  if (at === ids.length - 1) {
    trim(list);
    return;
  }
  list.behind = at + 1;
  if (list.gone > ids.length / 2) close(list);
}

/** A list never ends with a gap, so that one which was added and is taken back leaves nothing. */
function trim(list: IdList): void {
  const { ids, numbers } = list;
  while (ids.at(-1) === null) {
    ids.pop();
    numbers.pop();
    list.gone -= 1;
  }
  // A list without gaps is as one that never had any.
  if (list.gone === 0) list.behind = 0;
}

/** Closes the gaps. */
function close(list: IdList): void {
  const { ids, numbers } = list;
  let kept = 0;
  for (let at = 0; at < ids.length; at += 1) {
    const id = ids[at] as string | null;
    if (id === null) continue;
    ids[kept] = id;
    numbers[kept] = numbers[at]!;
    kept += 1;
  }
  ids.length = kept;
  numbers.length = kept;
  list.gone = 0;
  list.behind = 0;
}

/** Where an id stands, or would. One without a number stands where it came to: O(n). */
function placeOf({ ids, numbers }: IdList, id: string): number {
  const number = numberOf(id);
  if (!Number.isNaN(number)) return firstEndingAfter(number - 1, numbers.length, (at) => numbers[at]!);
  const at = ids.indexOf(id);
  return at < 0 ? ids.length : at;
}

/** What stands behind the letter of an id, which counts what a host was told, whatever it is; NaN of any other id. */
export function numberOf(id: string): number {
  let number = 0;
  for (let at = 1; at < id.length; at += 1) {
    const digit = id.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = 10 * number + digit;
  }
  return number;
}

const ZERO = '0'.charCodeAt(0);
