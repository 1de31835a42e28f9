import type { Extent } from '../engine/model/inode.ts';
import { commonEnds } from '../engine/model/mapping_table.ts';
import { firstEndingAfter } from '../engine/model/pfn_range.ts';
import type { Connection } from './connection.ts';

/** Extents of a row at most; a file of more has them in rows of their own. */
const CHUNK_EXTENTS = 128;

type Extents = readonly Extent[];

/** Whether a file's extents stand in rows of their own, and its record has none. */
export function areApart(extents: Extents): boolean {
  return extents.length > CHUNK_EXTENTS;
}

/** How a record reads whose extents may stand apart. A quote inside of a text is escaped, so that no path reads so. */
const NO_EXTENTS = '"extents":[]';

/** The record of a file, whole, in SQL: of a row of `files` that has the name. */
export function wholeFile(row: string): string {
  const chunks = `FROM extent_chunks AS c WHERE c.file = ${row}.key`;
  return `iif(EXISTS (SELECT 1 ${chunks}), replace(${row}.record, '${NO_EXTENTS}', '"extents":[' ||
    (SELECT group_concat(c.extents, ',' ORDER BY c.first) ${chunks}) || ']'), ${row}.record)`;
}

type WriteExtents = (hostKey: number, file: string, before: Extents, after: Extents) => void;

/**
 * Prepares writing the extents of a file in which two states of it differ, with those that stand in the same rows. `before`
 * is what is stored: of a file that was deleted and made again, none. O(extents) comparisons of identities.
 */
export function prepareExtentRows(db: Connection): WriteExtents {
  const fileKey = db
    .prepare<[number, string], number>('SELECT key FROM files WHERE host = ? AND id = ?')
    .pluck();
  const rowBefore = db
    .prepare<[number, number], number | null>(
      'SELECT max(first) FROM extent_chunks WHERE file = ? AND first <= ?',
    )
    .pluck();
  const rowBehind = db
    .prepare<[number, number], number | null>(
      'SELECT min(first) FROM extent_chunks WHERE file = ? AND first > ?',
    )
    .pluck();
  const remove = db.prepare('DELETE FROM extent_chunks WHERE file = ? AND first >= ? AND first < ?');
  const insert = db.prepare('INSERT INTO extent_chunks (file, first, extents) VALUES (?, ?, ?)');
  return (host, file, before, after) => {
    const [was, is] = [before, after].map((extents) => (areApart(extents) ? extents : [])) as [
      Extents,
      Extents,
    ];
    const [head, tail] = commonEnds(was, is);
    if (head === was.length && head === is.length) return;
    // With the file its rows have gone.
    const key = fileKey.get(host, file);
    if (key === undefined) return;
    const changed = [was, is].flatMap((extents) => {
      const middle = extents.slice(head, extents.length - tail);
      return middle.length === 0 ? [] : [middle[0]!.offset, middle.at(-1)!.offset];
    });
    const from = rowBefore.get(key, Math.min(...changed)) ?? 0;
    const to = rowBehind.get(key, Math.max(...changed)) ?? Number.MAX_SAFE_INTEGER;
    remove.run(key, from, to);
    let at = firstFrom(is, from);
    for (const end = firstFrom(is, to); at < end; at += CHUNK_EXTENTS) {
      const chunk = is.slice(at, Math.min(at + CHUNK_EXTENTS, end));
      insert.run(key, chunk[0]!.offset, chunk.map((extent) => JSON.stringify(extent)).join(','));
    }
  };
}

/** The position of the first extent from an offset on. O(log extents). */
function firstFrom(extents: Extents, offset: number): number {
  return firstEndingAfter(offset - 1, extents.length, (at) => extents[at]!.offset);
}
