import { emptyHost, indexHost } from '../engine/model/apply.ts';
import type { Host, Kind } from '../engine/model/host.ts';
import { chunksOf, rowsOf, type Entries } from '../engine/model/mapping_table.ts';
import type { Connection } from './connection.ts';
import { KINDS, ownsEntries } from './tables.ts';
import type { Table } from '../engine/model/table.ts';

/** A stored record: its JSON, and the runs of entries that some kinds have beside it. */
export interface Row {
  readonly id: string;
  readonly record: string;
  readonly entries?: Buffer;
}

/** Prepares the reading of a whole host, empty where there is none. Records come in order of creation. */
export function prepareLoad(db: Connection): (host: string) => Host {
  const statements = KINDS.map((kind) => {
    const columns = ownsEntries(kind) ? 'id, record, entries' : 'id, record';
    return [
      kind,
      db.prepare<[string], Row>(`SELECT ${columns} FROM ${kind} WHERE host = ? ORDER BY key`),
    ] as const;
  });
  return (name) => {
    const host = emptyHost();
    for (const [kind, statement] of statements) {
      for (const row of statement.iterate(name)) restore(host, kind, row);
    }
    return indexHost(host);
  };
}

/** Puts a row into its host. */
export function restore(host: Host, kind: Kind, row: Row): void {
  (host.tables[kind] as Table<unknown>).set(row.id, JSON.parse(row.record));
  if (row.entries !== undefined && row.entries.length > 0)
    host.entries.set(row.id, decodeEntries(row.entries));
}

/** Entries as the bytes of their doubles, in the machine's order (little-endian wherever Node runs). */
export function encodeEntries(entries: Entries): Buffer {
  return Buffer.from(rowsOf(entries).buffer);
}

/** Copies, because a row's bytes start at any address and doubles do not. */
function decodeEntries(bytes: Buffer): Entries {
  return chunksOf(new Float64Array(new Uint8Array(bytes).buffer));
}
