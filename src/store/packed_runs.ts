import { COLUMNS } from '../engine/model/mapping_table.ts';
import { NUMBER_BYTES_MAX, putNumber, takeNumber } from './varint.ts';

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
  let [end, pfnEnd, former] = [0, 0, 0];
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
  const { length } = bytes;
  // A byte a run at least.
  const rows = roomFor(length * COLUMNS);
  const from = { at: 0 };
  let filled = 0;
  let [end, pfnEnd, bits] = [0, 0, 0];
  while (from.at < length) {
    const head = takeNumber(bytes, from);
    const flags = head % FLAGS;
    const index = end + (head - flags) / FLAGS;
    const nr_pages = (flags & ONE_PAGE) === 0 ? takeNumber(bytes, from) : 1;
    if ((flags & SAME_BITS) === 0) bits = takeNumber(bytes, from);
    const pfn = (flags & NO_PFN) === 0 ? pfnEnd + signed(takeNumber(bytes, from)) : -1;
    if (pfn >= 0) pfnEnd = pfn + nr_pages;
    end = index + nr_pages;
    rows[filled] = index;
    rows[filled + 1] = nr_pages;
    rows[filled + 2] = pfn;
    rows[filled + 3] = bits;
    filled += COLUMNS;
  }
  return rows.slice(0, filled);
}

/** Where the rows of a chunk are written until it is known how many there are. */
let room = new Float64Array(0);

function roomFor(doubles: number): Float64Array {
  if (room.length < doubles) room = new Float64Array(doubles);
  return room;
}

function signed(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
