import { parseLossless, type LosslessDocument, type NotJson } from './lossless.ts';

/** A JSON document in a text. */
export type FoundDocument = LosslessDocument;

/** A run of a text that is no JSON: log lines, or a document that breaks (`is_broken`). Line and column count from 1. */
export interface OtherText {
  readonly line: number;
  readonly column: number;
  readonly detail: string;
  readonly is_broken: boolean;
}

/** One more of either than may be where there are more. */
export interface TextParts {
  readonly documents: readonly FoundDocument[];
  readonly others: readonly OtherText[];
}

/** White space of any kind, a byte order mark, and what stands between documents of a sequence (RFC 7464). */
const BETWEEN = /[\s,\u001e]*/y;
/** How a document of the tools begins, or one that an odd value does; a log line may with `[ 12.345678]` or `[warn]`. */
const BEGIN = /[[{]\s*(?:["[{\]}]|(?:-?\d[\d.eE+-]*|null|true|false)\s*,)/y;
const LINE = /[^\n]*\n?/y;
/** Characters of a log line that are shown. */
const SHOWN_MAX = 120;
/** Deeper values are not handed to the parser, which recurses. */
const DEPTH_MAX = 96;

/**
 * The JSON documents of a text, one after another, and what stands before, between and behind them.
 *
 * A document begins a line or follows another. One that breaks is passed over, up to its closing bracket or, without
 * one, up to the end. A text that is one value and no array or object is a document, too. Ends where there are more than
 * `max` documents, or runs of something else.
 */
export function findDocuments(text: string, max: number): TextParts {
  const documents: FoundDocument[] = [];
  const others: OtherText[] = [];
  const placeOf = placesIn(text);
  let noise: { readonly from: number; to: number } | null = null;
  let at = behind(BETWEEN, text, 0);
  while (at < text.length && documents.length <= max && others.length <= max) {
    if (matches(BEGIN, text, at)) {
      if (noise !== null) others.push(noiseIn(text, noise, placeOf));
      noise = null;
      const end = endOf(text, at);
      const parsed = parseShallow(text.slice(at, end));
      if ('value' in parsed) documents.push(parsed);
      else others.push(brokenAt(placeOf(at + parsed.position), parsed.detail));
      at = end;
    } else {
      const end = behind(LINE, text, at);
      if (noise === null) noise = { from: at, to: end };
      else noise.to = end;
      at = end;
    }
    at = behind(BETWEEN, text, at);
  }
  if (noise !== null) others.push(noiseIn(text, noise, placeOf));
  return documents.length > 0 ? { documents, others } : wholeText(text, others);
}

/** `42`, `"a"`, `[1]`: JSON, of which no tool begins a document. */
function wholeText(text: string, others: readonly OtherText[]): TextParts {
  const parsed = parseShallow(text.replace(/^\uFEFF/, '').trim());
  return 'value' in parsed ? { documents: [parsed], others: [] } : { documents: [], others };
}

/** Behind the bracket that closes the one at `from`; without it the end of the text. */
function endOf(text: string, from: number): number {
  let depth = 0;
  for (const [at, step] of brackets(text, from)) {
    depth += step;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

/** What is too deep is null in it; where that does not end, the text is no document. */
function parseShallow(text: string): LosslessDocument | NotJson {
  const shallow = withoutDepths(text);
  return typeof shallow === 'string' ? parseLossless(shallow) : shallow;
}

/** The text with `null` for each value below `DEPTH_MAX` levels, everything else at its place; or one without an end. */
function withoutDepths(text: string): string | NotJson {
  const parts: string[] = [];
  let [depth, copied, cut] = [0, 0, 0];
  for (const [at, step] of brackets(text, 0)) {
    depth += step;
    if (step === 1 && depth === DEPTH_MAX + 1) cut = at;
    if (step === -1 && depth === DEPTH_MAX && at + 1 - cut > 'null'.length) {
      const blank = text.slice(cut + 'null'.length, at + 1).replaceAll(/[^\n]/g, ' ');
      parts.push(text.slice(copied, cut), 'null', blank);
      copied = at + 1;
    }
  }
  if (depth > DEPTH_MAX) {
    return { position: cut, detail: `nested deeper than ${String(DEPTH_MAX)} levels, and not closed` };
  }
  return copied === 0 ? text : [...parts, text.slice(copied)].join('');
}

/** Opening (1) and closing (-1) brackets that stand in no string. */
function* brackets(text: string, from: number): Generator<readonly [at: number, step: 1 | -1]> {
  const next = /["[{\]}]/g;
  next.lastIndex = from;
  for (let found = next.exec(text); found !== null; found = next.exec(text)) {
    const [token] = found;
    if (token === '"') next.lastIndex = behindString(text, found.index);
    else yield [found.index, token === '[' || token === '{' ? 1 : -1];
  }
}

/**
 * Behind the quotation mark that ends a string, or behind its line: no string of JSON goes on in the next one, so that a
 * mark which is missing breaks one document and not all that follow it.
 */
function behindString(text: string, from: number): number {
  const next = /\\.|["\n]/g;
  next.lastIndex = from + 1;
  for (let found = next.exec(text); found !== null; found = next.exec(text)) {
    if (found[0].length === 1) return next.lastIndex;
  }
  return text.length;
}

function brokenAt(place: Place, why: string): OtherText {
  return { ...place, detail: `not JSON: ${why}`, is_broken: true };
}

function noiseIn(
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
  placeOf: (position: number) => Place,
): OtherText {
  const [first = '', ...more] = text.slice(from, to).trimEnd().split('\n');
  const shown = first.length > SHOWN_MAX ? `${first.slice(0, SHOWN_MAX)}…` : first;
  const rest = more.length === 0 ? '' : `, and ${String(more.length)} more lines`;
  return { ...placeOf(from), detail: `no JSON: ${shown.trim()}${rest}`, is_broken: false };
}

type Place = Pick<OtherText, 'line' | 'column'>;

/** Tells the lines and columns of positions, each behind the one before: the text is gone through once. */
function placesIn(text: string): (position: number) => Place {
  let [line, begin] = [1, 0];
  return (position) => {
    for (let end = text.indexOf('\n', begin); end !== -1 && end < position; end = text.indexOf('\n', begin)) {
      line += 1;
      begin = end + 1;
    }
    return { line, column: position - begin + 1 };
  };
}

function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** Where what a pattern finds at a place ends. */
function behind(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  pattern.test(text);
  return Math.max(at, pattern.lastIndex);
}
