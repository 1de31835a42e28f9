import {
  CHUNK_RUNS,
  COLUMNS,
  isAnon,
  levelIn,
  LEVELS,
  runCount,
  runsFrom,
  seekChunk,
  type Level,
} from '../model/mapping_table.ts';
import type { Alike } from './alike_vmas.ts';

/** Runs of VMAs that are alike, in page indices of their address space, ascending; of one index in the order of these. */
export interface SpaceRuns {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** Whose they are, and of what size and kind: slotOf(). */
  readonly slots: Uint32Array;
  readonly count: number;
}

/** A slot for VMAs that are alike, a size of entry, and whether they stay: copied pages, or what is faulted in before each call. */
export const STAYS = 4;

function slotOf(owner: number, level: number, stays: boolean): number {
  return (owner << 3) + (stays ? STAYS : 0) + level;
}

/** Of which of those that are alike a slot is. */
export function ownerOf(slot: number): number {
  return slot >> 3;
}

/** The size of the entries of a slot. */
export function levelOf(slot: number): Level {
  return LEVELS[slot & 3]!;
}

/** Whether no call unmaps the entries of a slot. */
export function staysIn(slot: number): boolean {
  return (slot & STAYS) !== 0;
}

/** Page indices of an address space. */
interface Within {
  readonly start: number;
  readonly end: number;
}

/** Runs of VMAs that reach into page indices of the address space. O(runs, runs log VMAs where they overlap). */
export function spaceRuns(all: readonly Alike[], within: Within): SpaceRuns {
  const found = { starts: NONE, ends: NONE, slots: new Uint32Array(0), count: 0 };
  makeRoom(
    found,
    all.reduce((sum, { entries }) => sum + runCount(entries), 0),
  );
  all.forEach((each, owner) => {
    findRuns(found, each, owner, within);
  });
  return inOrder(found);
}
const NONE = new Float64Array(0);

/** Runs while they are found. */
type Found = { -readonly [Column in keyof SpaceRuns]: SpaceRuns[Column] };

function findRuns(found: Found, each: Alike, owner: number, { start, end }: Within): void {
  const { entries, shift, refaults } = each;
  for (let chunk = seekChunk(entries, start - shift); chunk < entries.length; chunk += 1) {
    const rows = entries[chunk]!;
    makeRoom(found, rows.length / COLUMNS);
    for (let at = 0; at < rows.length; at += COLUMNS) {
      const from = rows[at]! + shift;
      const to = from + rows[at + 1]!;
      if (from >= end) return;
      if (to <= start) continue;
      const bits = rows[at + 3]!;
      if (isAnon(bits)) findCopied(found, each, slotOf(owner, levelIn(bits), true), from, to);
      else addRun(found, from, to, slotOf(owner, levelIn(bits), refaults));
    }
  }
}

/**
 * The copied pages whose index has a real entry in i_pages: of no other is a call made, or it looks for nobody.
 * Source: fs/dax.c dax_lock_mapping_entry().
 */
function findCopied(found: Found, { behind }: Alike, slot: number, from: number, to: number): void {
  if (behind === null) return;
  for (const run of runsFrom(behind, from)) {
    if (run.index >= to) return;
    if (run.kind !== 'dax') continue;
    makeRoom(found, CHUNK_RUNS);
    addRun(found, Math.max(from, run.index), Math.min(to, run.index + run.nr_pages), slot);
  }
}

/** There is room for it. */
function addRun(found: Found, start: number, end: number, slot: number): void {
  const at = found.count;
  found.starts[at] = start;
  found.ends[at] = end;
  found.slots[at] = slot;
  found.count = at + 1;
}

function makeRoom(found: Found, runs: number): void {
  const room = found.count + runs;
  if (room > found.starts.length) widen(found, Math.max(room, 2 * found.starts.length));
}

function widen(found: Found, room: number): void {
  const { starts, ends, slots } = found;
  found.starts = new Float64Array(room);
  found.ends = new Float64Array(room);
  found.slots = new Uint32Array(room);
  found.starts.set(starts);
  found.ends.set(ends);
  found.slots.set(slots);
}

/** Those of each VMA ascend: pieces are merged two by two until there is one. O(runs log pieces that overlap). */
function inOrder(found: Found): SpaceRuns {
  let pieces = piecesOf(found);
  if (pieces.length <= 1) return found;
  pieces.sort(([a], [b]) => found.starts[a]! - found.starts[b]! || a - b);
  let from: Found = found;
  let to: Found = { ...found, starts: NONE, ends: NONE, slots: new Uint32Array(0) };
  widen(to, found.count);
  copyPieces(to, from, pieces);
  pieces = piecesOf(to);
  while (pieces.length > 1) {
    [from, to] = [to, from];
    pieces = mergePieces(to, from, pieces);
  }
  return to;
}

type Piece = readonly [begin: number, end: number];

function piecesOf({ starts, slots, count }: SpaceRuns): Piece[] {
  const pieces: Piece[] = [];
  let begin = 0;
  for (let at = 1; at <= count; at += 1) {
    const goesOn =
      at < count &&
      (starts[at - 1]! < starts[at]! || (starts[at - 1] === starts[at] && slots[at - 1]! < slots[at]!));
    if (goesOn) continue;
    pieces.push([begin, at]);
    begin = at;
  }
  return pieces;
}

function copyPieces(to: Found, from: Found, pieces: readonly Piece[]): void {
  let at = 0;
  for (const [begin, end] of pieces) {
    to.starts.set(from.starts.subarray(begin, end), at);
    to.ends.set(from.ends.subarray(begin, end), at);
    to.slots.set(from.slots.subarray(begin, end), at);
    at += end - begin;
  }
}

function mergePieces(to: SpaceRuns, from: SpaceRuns, pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = [];
  for (let piece = 0; piece < pieces.length; piece += 2) {
    const [begin, middle] = pieces[piece]!;
    const [, end] = pieces[piece + 1] ?? [middle, middle];
    mergeTwo(to, from, begin, middle, end);
    merged.push([begin, end]);
  }
  return merged;
}

function mergeTwo(to: SpaceRuns, from: SpaceRuns, begin: number, middle: number, end: number): void {
  const { starts, ends, slots } = from;
  let left = begin;
  let right = middle;
  for (let at = begin; at < end; at += 1) {
    const isLeft =
      right === end ||
      (left < middle &&
        (starts[left]! < starts[right]! || (starts[left] === starts[right] && slots[left]! < slots[right]!)));
    const next = isLeft ? left : right;
    if (isLeft) left += 1;
    else right += 1;
    to.starts[at] = starts[next]!;
    to.ends[at] = ends[next]!;
    to.slots[at] = slots[next]!;
  }
}
