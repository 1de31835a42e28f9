import { createHash } from 'node:crypto';
import type { Host } from '../../../src/engine/model/host.ts';
import type { Table } from '../../../src/engine/model/table.ts';

/** SHA-256 over everything a host is, as JSON: tables and their records in their order, entries and extents by owner. */
export function stateHash({ tables, entries, extents }: Host): string {
  const rows = [entries, extents].map((byOwner) =>
    [...byOwner].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, own]) => [id, [...own]]),
  );
  const records = Object.entries(tables).map(([kind, own]: [string, Table<unknown>]) => [kind, [...own]]);
  return createHash('sha256')
    .update(JSON.stringify([records, rows]))
    .digest('hex');
}
