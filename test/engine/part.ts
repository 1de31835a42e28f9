import { emptyHost, indexExposures, indexShared } from '../../src/engine/model/apply.ts';
import type { Exposure } from '../../src/engine/model/exposure.ts';
import type { Host, Kind, RecordOf } from '../../src/engine/model/host.ts';
import type { Source, Table } from '../../src/engine/model/table.ts';
import type { UseField, UseValue } from '../../src/engine/model/uses.ts';
import { isFoundBy } from '../../src/engine/model/uses_of_record.ts';

/**
 * A host of which nothing is in memory but its open exposures, and what these reach; the rest is what `stored` gives, which
 * is as the host was before the changes that it has not been told of: a whole one. `beforeLoad` may throw.
 */
export function partOf(stored: () => Host, beforeLoad: (id: string) => void = () => undefined): Host {
  const source = <K extends Kind>(kind: K): Source<RecordOf<K>> => {
    const records = (): Table<RecordOf<K>> => stored().tables[kind];
    return {
      get: (id) => {
        const record = records().get(id);
        if (record !== undefined) bring(id, record);
        return record;
      },
      *all(knows) {
        for (const [id, record] of records()) {
          if (!knows(id)) bring(id, record);
          yield [id, knows(id) ? null : record];
        }
      },
    };
  };
  const uses = (field: UseField, value: UseValue): string[] => {
    const kind = field.split('/')[0] as Kind;
    const found = [...stored().tables[kind]].filter(([, record]) => isFoundBy(kind, record, field, value));
    return found.map(([id, record]) => {
      load(kind, id, record);
      return id;
    });
  };
  const part = emptyHost({ source, uses, asked: new Map() });
  const bring = (id: string, record: unknown): void => {
    beforeLoad(id);
    const entries = stored().entries.get(id);
    if (entries !== undefined) part.entries.set(id, entries);
    const extents = stored().extents.get(id);
    if (extents !== undefined) part.extents.set(id, extents);
    indexShared(part, id, record);
  };
  const load = (kind: Kind, id: string, record: RecordOf<Kind>): void => {
    const table = part.tables[kind] as Table<unknown>;
    if (table.knows(id)) return;
    bring(id, record);
    table.load(id, record);
  };
  const exposures: Exposure[] = stored().tables.exposures.where(({ open }) => open);
  for (const exposure of exposures) load('exposures', exposure.id, exposure);
  return indexExposures(part, exposures);
}

/** The same host, to be kept as it is now. */
export function keep(host: Host): Host {
  const kept = { ...emptyHost(), entries: new Map(host.entries), extents: new Map(host.extents) };
  for (const kind of Object.keys(host.tables) as Kind[])
    for (const [id, record] of host.tables[kind]) (kept.tables[kind] as Table<unknown>).set(id, record);
  return kept;
}

/** All of a host as plain data, in its order: loaded, where it is not in memory. */
export function wholeOf(host: Host): unknown {
  const tables = Object.entries(host.tables).map(([kind, records]) => [kind, [...records]]);
  const { windows, by_key } = host.open_exposures;
  const [entries, extents] = [new Map(host.entries), new Map(host.extents)];
  return { tables, entries, extents, windows: new Map(windows), by_key: new Map(by_key) };
}
