import { emptyHost, indexHost } from '../engine/model/apply.ts';
import type { Host, Kind } from '../engine/model/host.ts';
import type { Connection } from './connection.ts';
import { prepareLastSeq } from './journal.ts';
import { restore, type Row } from './load.ts';
import { KINDS, ownsEntries } from './tables.ts';

/** The fleet as a store has it. One query asks it all it wants of one committed state. */
export interface Fleet {
  /** Number of the last event. */
  lastSeq(): number;
  /** Every host that is there. */
  names(): readonly string[];
  /** Hosts that events after this number concern, also such as are gone now. */
  changedSince(seq: number): readonly string[];
  /** These hosts, or all: without what no removal asks for. `keys` has each device's place in order of creation. */
  load(names: readonly string[] | null): ReadonlyMap<string, LoadedHost>;
}

/** One host of it. */
export interface LoadedHost {
  readonly host: Host;
  readonly keys: ReadonlyMap<string, number>;
}

/** Of removals those that are under way: of one that has ended, nothing asks for its report. */
const WANTED: Partial<Record<Kind, string>> = {
  removals: "state IN ('running', 'waiting', 'stuck', 'undetermined')",
};

/** Records that no removal reads: what the bus did, listings kept for the export. */
const UNREAD: readonly Kind[] = ['hotplug_events', 'exposures', 'inventories'];

interface FleetRow extends Row {
  readonly host: string;
  readonly key: number;
}

/** Prepares reading many hosts at once, one query a kind. */
export function prepareFleet(db: Connection): Fleet {
  const kinds = KINDS.filter((kind) => !UNREAD.includes(kind)).map((kind) => {
    const columns = ownsEntries(kind) ? 'key, host, id, record, entries' : 'key, host, id, record';
    const wanted = WANTED[kind] ?? 'TRUE';
    const named = 'host IN (SELECT value FROM json_each(?))';
    return {
      kind,
      all: db.prepare<[], FleetRow>(`SELECT ${columns} FROM ${kind} WHERE ${wanted} ORDER BY key`),
      some: db.prepare<[string], FleetRow>(
        `SELECT ${columns} FROM ${kind} WHERE ${wanted} AND ${named} ORDER BY key`,
      ),
    };
  });
  const names = db.prepare<[], string>('SELECT host FROM hosts').pluck();
  const changed = db.prepare<[number], string>('SELECT DISTINCT host FROM events WHERE seq > ?').pluck();
  return {
    lastSeq: prepareLastSeq(db),
    names: () => names.all(),
    changedSince: (seq) => changed.all(seq),
    load: (names) => {
      const fleet = new Map<string, LoadedHost & { readonly keys: Map<string, number> }>();
      for (const { kind, all, some } of kinds) {
        const rows = names === null ? all.iterate() : some.iterate(JSON.stringify(names));
        for (const row of rows) {
          const loaded = fleet.get(row.host) ?? { host: emptyHost(), keys: new Map<string, number>() };
          fleet.set(row.host, loaded);
          restore(loaded.host, kind, row);
          if (kind === 'dax_devices') loaded.keys.set(row.id, row.key);
        }
      }
      for (const { host } of fleet.values()) indexHost(host);
      return fleet;
    },
  };
}
