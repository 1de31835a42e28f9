import { extentChunks } from '../engine/model/extents.ts';
import type { Host } from '../engine/model/host.ts';
import type { Extent, Extents } from '../engine/model/inode.ts';
import { writeDiffering } from './chunk_rows.ts';
import type { Connection } from './connection.ts';

/** The extents of a file of that id, in chunks; of one that there is not none. */
export function extentsNow(host: Host, id: string): Extents {
  const file = host.tables.files.get(id);
  return file === undefined ? [] : extentChunks(host, file);
}

/** How a record reads whose extents may stand apart. A quote inside of a text is escaped, so that no path reads so. */
const NO_EXTENTS = '"extents":[]';

/** The chunks that stand apart of a file, as JSON, in SQL: of a row of `files` that has the name. NULL where none do. */
export function chunksOfFile(row: string): string {
  return `(SELECT '[[' || group_concat(c.extents, '],[' ORDER BY c.first) || ']]'
    FROM extent_chunks AS c WHERE c.file = ${row}.key)`;
}

/** The record of a file, whole, in SQL: of a row of `files` that has the name. */
export function wholeFile(row: string): string {
  const chunks = `FROM extent_chunks AS c WHERE c.file = ${row}.key`;
  return `iif(EXISTS (SELECT 1 ${chunks}), replace(${row}.record, '${NO_EXTENTS}', '"extents":[' ||
    (SELECT group_concat(c.extents, ',' ORDER BY c.first) ${chunks}) || ']'), ${row}.record)`;
}

type WriteExtents = (hostKey: number, file: string, before: Extents, after: Extents) => void;

/**
 * Prepares writing the chunks in which two states of a file's extents differ. `before` is what is stored: of a file that
 * was deleted and made again, none.
 */
export function prepareExtentRows(db: Connection): WriteExtents {
  const fileKey = db
    .prepare<[number, string], number>('SELECT key FROM files WHERE host = ? AND id = ?')
    .pluck();
  const remove = db.prepare('DELETE FROM extent_chunks WHERE file = ? AND first = ?');
  const removeRange = db.prepare('DELETE FROM extent_chunks WHERE file = ? AND first BETWEEN ? AND ?');
  const put = db.prepare('INSERT OR REPLACE INTO extent_chunks (file, first, extents) VALUES (?, ?, ?)');
  return (host, file, before, after) => {
    if (before === after) return;
    // With the file its rows have gone.
    const key = fileKey.get(host, file);
    if (key === undefined) return;
    writeDiffering(before, after, firstOf, {
      put: (first, chunk) => put.run(key, first, chunk.map((extent) => JSON.stringify(extent)).join(',')),
      remove: (first) => remove.run(key, first),
      removeRange: (first, last) => removeRange.run(key, first, last),
    });
  };
}

/** Offset of the first extent of a chunk: none of the file's others has the same. */
function firstOf(chunk: readonly Extent[]): number {
  return chunk[0]!.offset;
}
