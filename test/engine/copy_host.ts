import { emptyHost } from '../../src/engine/model/apply.ts';
import type { Host, Kind } from '../../src/engine/model/host.ts';
import type { Table } from '../../src/engine/model/table.ts';

/** A host of its own with the same records, in the same order. */
export function copyHost({ tables, ...rest }: Host): Host {
  const copy: Host = { ...structuredClone(rest), tables: emptyHost().tables };
  for (const kind of Object.keys(tables) as Kind[]) {
    const records = copy.tables[kind] as Table<unknown>;
    for (const [id, record] of tables[kind]) records.set(id, structuredClone(record));
  }
  return copy;
}
