import { pointerOf } from './pointer.ts';
import type { Fault } from './problem.ts';

/** Members and elements of a body; the largest request has about two hundred. */
export const BODY_VALUES_MAX = 1024;
/** Levels of nesting; a request has at most four. */
export const BODY_DEPTH_MAX = 16;
const NAME_LENGTH_MAX = 255;
/** What is JSON has fewer: for each value a name, a string, a comma and two brackets. */
const TOKENS_A_VALUE = 5;

/** `too_large`: a limit is passed; `malformed`: readers would differ on what is meant. */
export interface JsonFault extends Fault {
  readonly kind: 'too_large' | 'malformed';
}

/** An open object or array, and where in it the scan is. */
interface Frame {
  /** The names an object has so far; null for an array. */
  readonly names: Set<string> | null;
  expectsName: boolean;
  /** Name or index of the present member. */
  at: string | number;
}

/**
 * What JSON.parse would take and no request has: too many values, too deep, a long name, a name twice or `__proto__`,
 * text that is not Unicode or contains NUL. Null where there is none of it; what is not JSON is left to the parser to
 * refuse. One pass over the characters that ends at the first limit: a parser builds everything before anyone can count
 * it.
 */
export function faultInJson(text: string, valuesMax = BODY_VALUES_MAX): JsonFault | null {
  const frames: Frame[] = [];
  let values = 1;
  let tokens = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at + 1);
      if (end === null) return null;
      const fault = readString(frames, text.slice(at, end + 1));
      if (fault !== 'none') return fault;
      at = end;
    } else if (character === '{' || character === '[') {
      if (frames.length === BODY_DEPTH_MAX)
        return fault('too_large', frames, `is nested deeper than ${String(BODY_DEPTH_MAX)} levels`);
      frames.push(frameOf(character));
      values += 1;
    } else if (character === ',') {
      if (!nextMember(frames.at(-1))) return null;
      values += 1;
    } else if (character === '}' || character === ']') {
      if (frames.pop() === undefined) return null;
    } else continue;
    tokens += 1;
    if (values > valuesMax) {
      const detail = `the body has more than ${String(valuesMax)} members and elements up to here`;
      return fault('too_large', frames, detail);
    }
    if (tokens > TOKENS_A_VALUE * valuesMax) return null;
  }
  return null;
}

/** Index of the closing quote; null where there is none. */
function endOfString(text: string, from: number): number | null {
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') return at;
    if (character === '\\') at += 1;
  }
  return null;
}

function frameOf(opening: '{' | '['): Frame {
  return opening === '{'
    ? { names: new Set(), expectsName: true, at: '' }
    : { names: null, expectsName: false, at: 0 };
}

/** False where no object or array is open: that is not JSON. */
function nextMember(frame: Frame | undefined): boolean {
  if (frame === undefined) return false;
  if (typeof frame.at === 'number') frame.at += 1;
  else frame.expectsName = true;
  return true;
}

/** Reads a string with its quotes: a member's name or a value. Null where it is not JSON. */
function readString(frames: readonly Frame[], quoted: string): JsonFault | null | 'none' {
  const frame = frames.at(-1);
  const text = unescaped(quoted);
  if (text === null) return null;
  if (frame?.expectsName === true) {
    if (text.length > NAME_LENGTH_MAX) {
      const detail = `the name of a member has more than ${String(NAME_LENGTH_MAX)} characters`;
      return fault('too_large', frames, detail);
    }
    const isTwice = frame.names?.has(text) === true;
    frame.names?.add(text);
    frame.expectsName = false;
    frame.at = text;
    if (isTwice) return fault('malformed', frames, 'appears twice');
    if (text === '__proto__') return fault('malformed', frames, 'is a name that no member may have');
  }
  if (/\p{Surrogate}/u.test(text))
    return fault('malformed', frames, 'contains half of a surrogate pair, which is not Unicode');
  if (text.includes('\0')) return fault('malformed', frames, 'contains a NUL character');
  return 'none';
}

function unescaped(quoted: string): string | null {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}

/** An object between two members is itself at fault: the name of the next is not known. */
function fault(kind: JsonFault['kind'], frames: readonly Frame[], detail: string): JsonFault {
  const path = frames.filter(({ expectsName }) => !expectsName).map(({ at }) => at);
  return { kind, pointer: pointerOf(path), detail };
}
