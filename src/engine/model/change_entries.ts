import {
  CHUNK_RUNS,
  chunksOf,
  COLUMNS,
  isAnon,
  isWritable,
  levelIn,
  rowsOf,
  seekChunk,
  seekRow,
  unitIn,
  WRITABLE,
  type Entries,
} from './mapping_table.ts';

/** Rows as they are written one behind the other. */
interface Rows {
  readonly rows: Float64Array;
  length: number;
}

function roomFor(doubles: number): Rows {
  return { rows: new Float64Array(doubles), length: 0 };
}

/** Adds a row, or its pages to the last one, where it goes on with that. */
function push(out: Rows, index: number, nr_pages: number, pfn: number, bits: number): void {
  const { rows, length } = out;
  if (length > 0 && continues(rows, length - COLUMNS, index, pfn, bits)) {
    rows[length - 3]! += nr_pages;
    return;
  }
  rows[length] = index;
  rows[length + 1] = nr_pages;
  rows[length + 2] = pfn;
  rows[length + 3] = bits;
  out.length += COLUMNS;
}

/** The pages from one index up to another of the row that stands at `at`. */
function pushPart(out: Rows, rows: Float64Array, at: number, start: number, end: number): void {
  const pfn = rows[at + 2]!;
  if (start < end) push(out, start, end - start, pfn < 0 ? pfn : pfn + (start - rows[at]!), rows[at + 3]!);
}

function rowsIn({ rows, length }: Rows): Float64Array {
  return rows.slice(0, length);
}

/** Whether a row goes on where the one that stands at `at` ends, and is like it. */
function continues(rows: Float64Array, at: number, index: number, pfn: number, bits: number): boolean {
  const nr_pages = rows[at + 1]!;
  if (rows[at]! + nr_pages !== index || rows[at + 3] !== bits) return false;
  const before = rows[at + 2]!;
  return pfn < 0 ? before < 0 : before + nr_pages === pfn;
}

/**
 * Sets entries, given as rows, one after another: whatever was there in the range of each is replaced, an entry by PMD
 * that is touched whole. Rows that ascend are merged in one pass. O(rows log chunks, runs of the chunks around them).
 */
export function insertRows(entries: Entries, rows: Float64Array): Entries {
  let result = entries;
  let from = 0;
  for (let at = COLUMNS; at <= rows.length; at += COLUMNS) {
    if (at < rows.length && rows[at]! >= rows[at - 4]! + rows[at - 3]!) continue;
    result = insertAscending(result, rows.subarray(from, at));
    from = at;
  }
  return result;
}

function insertAscending(entries: Entries, added: Float64Array): Entries {
  let taken = Math.max(0, chunkBefore(entries, added[0]!));
  const chunks = entries.slice(0, taken);
  let at = 0;
  while (at < added.length) {
    const first = Math.max(taken, chunkBefore(entries, added[at]!));
    let last = first;
    let to = at;
    do {
      last = Math.max(last, Math.min(entries.length, chunkAfter(entries, lastOf(added, to)) + 1));
      to += COLUMNS;
    } while (to < added.length && chunkBefore(entries, added[to]!) < last);
    for (; taken < first; taken += 1) chunks.push(entries[taken]!);
    const merged = merge(rowsOf(entries.slice(first, last)), added.subarray(at, to));
    for (const chunk of chunksOf(merged)) chunks.push(chunk);
    taken = last;
    at = to;
  }
  return chunks.concat(entries.slice(taken));
}

function lastOf(rows: Float64Array, at: number): number {
  return rows[at]! + rows[at + 1]! - 1;
}

/** The chunk of the run before the first that ends after `index`. */
function chunkBefore(entries: Entries, index: number): number {
  const chunk = seekChunk(entries, index);
  const rows = entries[chunk];
  return rows === undefined || seekRow(rows, index) === 0 ? chunk - 1 : chunk;
}

/** The chunk of the run behind the first that ends after `index`. */
function chunkAfter(entries: Entries, index: number): number {
  const chunk = seekChunk(entries, index);
  const rows = entries[chunk];
  return rows === undefined || seekRow(rows, index) === rows.length / COLUMNS - 1 ? chunk + 1 : chunk;
}

/** Two lists of ascending rows as one: of the first what the second leaves of it. */
function merge(rows: Float64Array, added: Float64Array): Float64Array {
  const out = roomFor(rows.length + 2 * added.length);
  let next = 0;
  let covered = Number.NEGATIVE_INFINITY;
  const add = (): void => {
    covered = added[next]! + added[next + 1]!;
    push(out, added[next]!, added[next + 1]!, added[next + 2]!, added[next + 3]!);
    next += COLUMNS;
  };
  for (let at = 0; at < rows.length; at += COLUMNS) {
    const index = rows[at]!;
    const end = index + rows[at + 1]!;
    const unit = unitIn(rows[at + 3]!);
    while (next < added.length && added[next]! <= index) add();
    let from = covered > index ? index + Math.ceil((covered - index) / unit) * unit : index;
    while (next < added.length && added[next]! < end) {
      pushPart(out, rows, at, from, index + Math.floor((added[next]! - index) / unit) * unit);
      add();
      from = Math.max(from, index + Math.ceil((covered - index) / unit) * unit);
    }
    pushPart(out, rows, at, from, end);
  }
  while (next < added.length) add();
  return rowsIn(out);
}

/**
 * Zaps `[start, end)`. A PMD or PUD entry that is touched goes whole (split of file memory drops it); copied
 * pages stay unless `anon`. O(runs that are touched, chunks).
 */
export function dropRange(entries: Entries, start: number, end: number, anon: boolean): Entries {
  const first = seekChunk(entries, start);
  let last = first;
  while (last < entries.length && entries[last]![0]! < end) last += 1;
  if (first === last) return entries;
  const chunks = entries.slice(first, last);
  const out = roomFor(chunks.reduce((sum, { length }) => sum + length, COLUMNS));
  for (const rows of chunks) dropRows(out, rows, start, end, anon);
  return replaceChunks(entries, first, last, rowsIn(out));
}

function dropRows(out: Rows, rows: Float64Array, start: number, end: number, anon: boolean): void {
  for (let at = 0; at < rows.length; at += COLUMNS) {
    const index = rows[at]!;
    const behind = index + rows[at + 1]!;
    const bits = rows[at + 3]!;
    if (behind <= start || index >= end || (!anon && isAnon(bits))) {
      pushPart(out, rows, at, index, behind);
      continue;
    }
    const unit = unitIn(bits);
    pushPart(out, rows, at, index, index + Math.floor((start - index) / unit) * unit);
    pushPart(out, rows, at, index + Math.ceil((end - index) / unit) * unit, behind);
  }
}

/** Puts rows in the place of chunks; few of them join a neighbour that has room. */
function replaceChunks(entries: Entries, first: number, last: number, rows: Float64Array): Entries {
  const [before, behind] = [entries[first - 1], entries[last]];
  const fits = (chunk: Float64Array | undefined): chunk is Float64Array =>
    chunk !== undefined && rows.length > 0 && chunk.length + rows.length <= CHUNK_RUNS * COLUMNS;
  if (fits(before)) return entries.slice(0, first - 1).concat(rowsOf([before, rows]), entries.slice(last));
  if (fits(behind)) return entries.slice(0, first).concat(rowsOf([rows, behind]), entries.slice(last + 1));
  return entries.slice(0, first).concat(chunksOf(rows), entries.slice(last));
}

/** Write-protects every entry that is not a copy. Chunks without a writable one are shared. O(runs). */
export function protectAll(entries: Entries): Entries {
  const chunks: Float64Array[] = [];
  let changed = false;
  for (const rows of entries) {
    const clean = isProtected(rows) ? rows : protectRows(rows);
    changed ||= clean !== rows;
    joinTo(chunks, clean);
  }
  return changed ? chunks : entries;
}

function isProtected(rows: Float64Array): boolean {
  for (let at = 3; at < rows.length; at += COLUMNS) {
    const bits = rows[at]!;
    if (isWritable(bits) && !isAnon(bits)) return false;
  }
  return true;
}

function protectRows(rows: Float64Array): Float64Array {
  const clean = new Float64Array(rows.length);
  let joins = false;
  let end = -1;
  for (let at = 0; at < rows.length; at += COLUMNS) {
    const index = rows[at]!;
    const nr_pages = rows[at + 1]!;
    const bits = rows[at + 3]!;
    clean[at] = index;
    clean[at + 1] = nr_pages;
    clean[at + 2] = rows[at + 2]!;
    clean[at + 3] = isWritable(bits) && !isAnon(bits) ? bits - WRITABLE : bits;
    joins ||= index === end;
    end = index + nr_pages;
  }
  return joins ? joined(clean) : clean;
}

/** With one row for neighbours that are alike. */
function joined(rows: Float64Array): Float64Array {
  const out = roomFor(rows.length);
  for (let at = 0; at < rows.length; at += COLUMNS)
    push(out, rows[at]!, rows[at + 1]!, rows[at + 2]!, rows[at + 3]!);
  return rowsIn(out);
}

/** Adds a chunk behind others; its first run may go on where their last one ends. */
function joinTo(chunks: Float64Array[], rows: Float64Array): void {
  const last = chunks.at(-1);
  const joins = last !== undefined && continues(last, last.length - COLUMNS, rows[0]!, rows[2]!, rows[3]!);
  if (!joins) {
    chunks.push(rows);
    return;
  }
  const longer = last.slice();
  longer[longer.length - 3]! += rows[1]!;
  chunks[chunks.length - 1] = longer;
  if (rows.length > COLUMNS) chunks.push(rows.slice(COLUMNS));
}

/** The entries of 4 KiB alone. Chunks of nothing else are shared, and so is the list of them. O(runs). */
export function onlyPtes(entries: Entries): Entries {
  if (!entries.some(hasHuge)) return entries;
  return entries.map((rows) => (hasHuge(rows) ? pteRows(rows) : rows)).filter(({ length }) => length > 0);
}

function hasHuge(rows: Float64Array): boolean {
  for (let at = 3; at < rows.length; at += COLUMNS) if (levelIn(rows[at]!) > 0) return true;
  return false;
}

function pteRows(rows: Float64Array): Float64Array {
  const out = roomFor(rows.length);
  for (let at = 0; at < rows.length; at += COLUMNS)
    if (levelIn(rows[at + 3]!) === 0) pushPart(out, rows, at, rows[at]!, rows[at]! + rows[at + 1]!);
  return rowsIn(out);
}

/** Whether nothing of a table stays of a zap of `[start, end)` that takes all it touches. O(1). */
export function isWithin(entries: Entries, start: number, end: number): boolean {
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return true;
  return first[0]! >= start && lastOf(last, last.length - COLUMNS) < end;
}
