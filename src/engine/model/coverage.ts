import { added } from './append.ts';
import { firstEndingAfter, type PfnRange } from './pfn_range.ts';

/** Ranges of pages end to end: the first pfn, the pfn behind the last, the first of the next range, … */
export type Spans = readonly number[];

/**
 * How many ways lead to each page: steps `[pfn, readers, writers]` in ascending order, each of which holds up to the
 * next, in chunks. A way that comes or goes costs O(log steps) and the steps that it lies over, not the others.
 *
 *   readers   0 ──── 1 ──── 2 ──── 1 ──── 0
 *   pfn         512    640    700    768
 *
 * Neighbouring steps differ, nothing is read before the first or behind the last, and where a chunk begins is decided
 * by the pfn of its first step alone: the same ways make the same chunks, in whatever order they came.
 */
export interface Coverage {
  readonly chunks: number[][];
  /** Pages to which any way leads, and of these those that one can write. */
  pages: number;
  writable_pages: number;
}

const COLUMNS = 3;
/** Steps a chunk on average is a power of two: of so many top bits of a hash all are zero. */
const HEAD_BITS = 6;

/** What no way leads to. */
export function noCoverage(): Coverage {
  return { chunks: [], pages: 0, writable_pages: 0 };
}

/** Ends of ways in ascending order, and how many of them lie behind. */
interface Edges {
  readonly pfns: Float64Array;
  at: number;
}

/** Coverage of ways that are all known: one merge of where they begin and end. O(n log n). */
export function coverageOf(readers: readonly Spans[], writers: readonly Spans[]): Coverage {
  const chunks: number[][] = [];
  let [pages, writable_pages] = [0, 0];
  const [reads, readsEnd] = [edgesOf(readers, 0), edgesOf(readers, 1)];
  const [writes, writesEnd] = [edgesOf(writers, 0), edgesOf(writers, 1)];
  const edges = [reads, readsEnd, writes, writesEnd];
  let [read, written, last] = [0, 0, 0];
  for (let pfn = nextEdge(edges); pfn < Infinity; pfn = nextEdge(edges)) {
    pages += read > 0 ? pfn - last : 0;
    writable_pages += written > 0 ? pfn - last : 0;
    last = pfn;
    const come = passed(reads, pfn) - passed(readsEnd, pfn);
    const written_come = passed(writes, pfn) - passed(writesEnd, pfn);
    if (come === 0 && written_come === 0) continue;
    read += come;
    written += written_come;
    addStep(chunks, pfn, read, written);
  }
  return { chunks: chunks.map((steps) => steps.slice()), pages, writable_pages };
}

/** Coverage of one way, which can be written or not. */
export function coverageOfOne(spans: Spans, pages: number, isWritable: boolean): Coverage {
  const chunks: number[][] = [];
  for (let at = 0; at < spans.length; at += 2) {
    addStep(chunks, spans[at]!, 1, isWritable ? 1 : 0);
    addStep(chunks, spans[at + 1]!, 0, 0);
  }
  return { chunks: chunks.map((steps) => steps.slice()), pages, writable_pages: isWritable ? pages : 0 };
}

/** Adds a step behind all. An array that grows has more room than it needs, and there may be many of few steps. */
function addStep(chunks: number[][], pfn: number, readers: number, writers: number): void {
  const steps = chunks.at(-1);
  if (steps === undefined || isHead(pfn)) chunks.push([pfn, readers, writers]);
  else steps.push(pfn, readers, writers);
}

/** Where ways begin (0) or end (1). */
function edgesOf(ways: readonly Spans[], side: 0 | 1): Edges {
  const pfns = new Float64Array(ways.reduce((sum, { length }) => sum + length / 2, 0));
  let place = 0;
  for (const spans of ways) {
    for (let at = side; at < spans.length; at += 2) {
      pfns[place] = spans[at]!;
      place += 1;
    }
  }
  return { pfns: pfns.sort(), at: 0 };
}

function nextEdge(edges: readonly Edges[]): number {
  let next = Infinity;
  for (const { pfns, at } of edges) if (at < pfns.length && pfns[at]! < next) next = pfns[at]!;
  return next;
}

/** How many edges lie at a pfn that none lies before. */
function passed(edges: Edges, pfn: number): number {
  const { pfns, at } = edges;
  while (pfns[edges.at] === pfn) edges.at += 1;
  return edges.at - at;
}

/** Ways to the pages from `from` up to `to` come (1) or go (-1): so many that read, so many that write. */
export function cover(coverage: Coverage, from: number, to: number, readers: number, writers: number): void {
  begin(coverage, from);
  begin(coverage, to);
  const { chunks } = coverage;
  let chunk = chunkAt(chunks, from);
  let at = stepAt(chunks[chunk]!, from);
  while (chunks[chunk]![at]! < to) {
    const steps = chunks[chunk]!;
    const isLast = at + COLUMNS === steps.length;
    const nr_pages = (isLast ? chunks[chunk + 1]![0]! : steps[at + COLUMNS]!) - steps[at]!;
    const [read, written] = [steps[at + 1]!, steps[at + 2]!];
    steps[at + 1] = read + readers;
    steps[at + 2] = written + writers;
    coverage.pages += nr_pages * (Number(read + readers > 0) - Number(read > 0));
    coverage.writable_pages += nr_pages * (Number(written + writers > 0) - Number(written > 0));
    chunk += isLast ? 1 : 0;
    at = isLast ? 0 : at + COLUMNS;
  }
  join(coverage, to);
  join(coverage, from);
}

/** The first ranges of pages to which any way leads, merged. */
export function firstRanges({ chunks }: Coverage, max: number): PfnRange[] {
  let ranges: PfnRange[] = [];
  let from = -1;
  for (const steps of chunks) {
    for (let at = 0; at < steps.length; at += COLUMNS) {
      const isRead = steps[at + 1]! > 0;
      if (isRead && from < 0) from = steps[at]!;
      if (isRead || from < 0) continue;
      ranges = added(ranges, [from, steps[at]! - from]);
      if (ranges.length === max) return ranges;
      from = -1;
    }
  }
  return ranges;
}

/** Has a step begin there, which changes nothing yet. */
function begin({ chunks }: Coverage, pfn: number): void {
  const chunk = chunkAt(chunks, pfn);
  if (chunk < 0) {
    beginBeforeAll(chunks, pfn);
    return;
  }
  const steps = chunks[chunk]!;
  const at = stepAt(steps, pfn);
  if (steps[at] === pfn) return;
  const next = at + COLUMNS;
  const [readers, writers] = [steps[at + 1]!, steps[at + 2]!];
  if (!isHead(pfn)) steps.splice(next, 0, pfn, readers, writers);
  else chunks.splice(chunk + 1, 0, [pfn, readers, writers, ...steps.splice(next)]);
}

function beginBeforeAll(chunks: number[][], pfn: number): void {
  const first = chunks[0];
  if (first === undefined || isHead(first[0]!)) chunks.unshift([pfn, 0, 0]);
  else first.unshift(pfn, 0, 0);
}

/** Takes out the step that begins there, where it is as the one before it. */
function join({ chunks }: Coverage, pfn: number): void {
  const chunk = chunkAt(chunks, pfn);
  const steps = chunks[chunk]!;
  const at = stepAt(steps, pfn);
  const before = at > 0 ? steps : chunks[chunk - 1];
  const last = at > 0 ? at - COLUMNS : (before?.length ?? 0) - COLUMNS;
  if (steps[at + 1] !== (before?.[last + 1] ?? 0) || steps[at + 2] !== (before?.[last + 2] ?? 0)) return;
  steps.splice(at, COLUMNS);
  if (at > 0 || (before === undefined && steps.length > 0)) return;
  before?.push(...steps);
  chunks.splice(chunk, 1);
}

/** The chunk of the step that holds at a pfn: -1 before all. */
function chunkAt(chunks: readonly number[][], pfn: number): number {
  return firstEndingAfter(pfn, chunks.length, (at) => chunks[at]![0]!) - 1;
}

/** Where the step that holds at a pfn stands in its chunk. */
function stepAt(steps: readonly number[], pfn: number): number {
  return (firstEndingAfter(pfn, steps.length / COLUMNS, (at) => steps[at * COLUMNS]!) - 1) * COLUMNS;
}

/** Whether a step at this pfn begins a chunk, by the hash of Fibonacci: pfns in any stride are spread evenly. */
function isHead(pfn: number): boolean {
  return Math.imul((pfn % 2 ** 32) ^ Math.floor(pfn / 2 ** 32), 0x9e3779b1) >>> (32 - HEAD_BITS) === 0;
}
