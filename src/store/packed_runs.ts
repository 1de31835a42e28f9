import { COLUMNS } from '../engine/model/mapping_table.ts';
import { behindNumber, NUMBER_BYTES_MAX, numberAt, putNumber } from './varint.ts';

/**
 * Runs of entries in few bytes, for the disk: numbers (varint.ts), each as what it is more than the run before it lets
 * expect. A run of a fragmented file has two or three.
 *
 *   8 * gap + flags   pages between the run before and this one; flags: see below
 *   nr_pages          unless 1
 *   bits              unless those of the run before
 *   pfn               unless none, from where the run before ends: twice what is ahead, or 1 more than twice what is behind
 */
const ONE_PAGE = 1;
const SAME_BITS = 2;
const NO_PFN = 4;
const FLAGS = 8;
/** Bytes of a run at most: four numbers. */
const RUN_BYTES_MAX = 4 * NUMBER_BYTES_MAX;

/** Rows of `[index, nr_pages, pfn, bits]` of one chunk (mapping_table.ts), packed. */
export function packRuns(rows: Float64Array): Buffer {
  const bytes = Buffer.allocUnsafe((rows.length / COLUMNS) * RUN_BYTES_MAX);
  let length = 0;
  const put = (value: number): void => {
    length = putNumber(bytes, length, value);
  };
  let end = 0;
  let pfnEnd = 0;
  let former = 0;
  for (let at = 0; at < rows.length; at += COLUMNS) {
    const [index, nr_pages, pfn, bits] = [rows[at]!, rows[at + 1]!, rows[at + 2]!, rows[at + 3]!];
    const flags =
      (nr_pages === 1 ? ONE_PAGE : 0) + (bits === former ? SAME_BITS : 0) + (pfn < 0 ? NO_PFN : 0);
    put(FLAGS * (index - end) + flags);
    if (nr_pages !== 1) put(nr_pages);
    if (bits !== former) put(bits);
    if (pfn >= 0) {
      const ahead = pfn - pfnEnd;
      put(ahead >= 0 ? 2 * ahead : -2 * ahead - 1);
      pfnEnd = pfn + nr_pages;
    }
    end = index + nr_pages;
    former = bits;
  }
  return Buffer.from(bytes.subarray(0, length));
}

/** What was packed. */
export function unpackRuns(bytes: Buffer): Float64Array {
  const rows = roomFor(bytes.length);
  return rows.slice(0, unpackInto(rows, 0, bytes));
}

/** So many chunks share their memory: less costs more time, and one that is left of them keeps all. */
const TOGETHER = 32;

/** The same of chunks that belong to one owner. Memory of its own costs each more than its runs. */
export function unpackChunks(packed: readonly Buffer[]): Float64Array[] {
  const chunks: Float64Array[] = [];
  for (let first = 0; first < packed.length; first += TOGETHER) {
    const some = packed.slice(first, first + TOGETHER);
    const rows = roomFor(some.reduce((bytes, { length }) => bytes + length, 0));
    let filled = 0;
    const ends = some.map((bytes) => (filled = unpackInto(rows, filled, bytes)));
    const shared = rows.slice(0, filled);
    for (const [at, end] of ends.entries()) chunks.push(shared.subarray(ends[at - 1] ?? 0, end));
  }
  return chunks;
}

/** Where rows are written until it is known how many there are: of so many bytes, a byte a run at least. */
function roomFor(bytes: number): Float64Array {
  if (room.length < bytes * COLUMNS) room = new Float64Array(bytes * COLUMNS);
  return room;
}
let room = new Float64Array(0);

/** Writes the rows of a chunk from a place on; returns where they end. No variable is taken out of an array: it would be boxed. */
function unpackInto(rows: Float64Array, from: number, bytes: Buffer): number {
  const { length } = bytes;
  let at = 0;
  let filled = from;
  let end = 0;
  let pfnEnd = 0;
  let bits = 0;
  while (at < length) {
    const head = numberAt(bytes, at);
    at = behindNumber(bytes, at);
    // Of a whole number & takes the last bits, however large it is, and of a small one in less time than %.
    const flags = head & (FLAGS - 1);
    const index = end + (head - flags) / FLAGS;
    let nr_pages = 1;
    let pfn = -1;
    if ((flags & ONE_PAGE) === 0) {
      nr_pages = numberAt(bytes, at);
      at = behindNumber(bytes, at);
    }
    if ((flags & SAME_BITS) === 0) {
      bits = numberAt(bytes, at);
      at = behindNumber(bytes, at);
    }
    if ((flags & NO_PFN) === 0) {
      pfn = pfnEnd + signed(numberAt(bytes, at));
      at = behindNumber(bytes, at);
      pfnEnd = pfn + nr_pages;
    }
    end = index + nr_pages;
    rows[filled] = index;
    rows[filled + 1] = nr_pages;
    rows[filled + 2] = pfn;
    rows[filled + 3] = bits;
    filled += COLUMNS;
  }
  return filled;
}

function signed(value: number): number {
  return (value & 1) === 0 ? value / 2 : -(value + 1) / 2;
}
