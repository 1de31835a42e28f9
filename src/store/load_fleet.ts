import { emptyHost, indexHost } from '../engine/model/apply.ts';
import type { Host, Kind } from '../engine/model/host.ts';
import type { Connection } from './connection.ts';
import { prepareLastSeq, prepareOldestSeq } from './journal.ts';
import { addChunk, prepareFleetChunks } from './entry_chunks.ts';
import { prepareJoined, restoreRows } from './joined_rows.ts';
import { addMapped, prepareFleetMapped } from './mapped_before.ts';
import { KINDS } from './tables.ts';

/** The fleet as a store has it. One query asks it all it wants of one committed state. */
export interface Fleet {
  /** Number of the last event. */
  lastSeq(): number;
  /** Number of the oldest event that is kept: which hosts earlier ones have changed nobody knows. */
  oldestSeq(): number;
  /** Those of these hosts that are there, or all, each with the places of its devices in order of creation. */
  devices(names: readonly string[] | null): ReadonlyMap<string, readonly number[]>;
  /** Hosts that events after this number concern, also such as are gone now. */
  changedSince(seq: number): readonly string[];
  /** These hosts, without what no removal asks for. */
  load(names: readonly string[]): ReadonlyMap<string, LoadedHost>;
}

/** One host of it. */
export interface LoadedHost {
  readonly host: Host;
  /** Of its devices, in order of creation. */
  readonly keys: readonly number[];
}

/** Of removals those that are under way: of one that has ended, nothing asks for its report. */
const WANTED: Partial<Record<Kind, string>> = {
  removals: "state IN ('running', 'waiting', 'stuck', 'undetermined')",
};

/** Records that no removal reads: what the bus did, listings kept for the export. */
const UNREAD: readonly Kind[] = ['hotplug_events', 'exposures', 'inventories', 'snapshots'];

/** Of an array as JSON. */
const AMONG = 'IN (SELECT value FROM json_each(?))';

/** Prepares reading many hosts at once, one query a kind. */
export function prepareFleet(db: Connection): Fleet {
  const kinds = KINDS.filter((kind) => !UNREAD.includes(kind)).map((kind) => {
    return { kind, read: prepareJoined(db, kind, AMONG, WANTED[kind]) };
  });
  const keysOf = db.prepare<[string], { readonly key: number; readonly name: string }>(
    `SELECT key, id AS name FROM hosts WHERE id ${AMONG} ORDER BY key`,
  );
  const devices = prepareDevices(db);
  const chunks = prepareFleetChunks(db);
  const mapped = prepareFleetMapped(db);
  const lastSeq = prepareLastSeq(db);
  return {
    lastSeq,
    oldestSeq: prepareOldestSeq(db),
    devices,
    changedSince: prepareChangedSince(db, lastSeq),
    load: (names) => {
      const found = keysOf.all(JSON.stringify(names));
      const fleet = new Map(found.map(({ key }) => [key, { host: emptyHost(), keys: new Array<number>() }]));
      const keys = JSON.stringify([...fleet.keys()]);
      for (const { kind, read } of kinds) {
        for (const rows of read(keys)) {
          const loaded = fleet.get(rows.host)!;
          restoreRows(loaded.host, kind, rows);
          if (rows.keys !== undefined) loaded.keys.push(...(JSON.parse(rows.keys) as number[]));
        }
      }
      for (const { host, owner, runs } of chunks(keys)) addChunk(fleet.get(host)!.host, owner, runs);
      for (const row of mapped(keys)) addMapped(fleet.get(row.host)!.host, row);
      for (const { host } of fleet.values()) indexHost(host);
      return new Map(found.map(({ key, name }) => [name, fleet.get(key)!]));
    },
  };
}

/** A row a host, its keys in one text: a row a device takes several times as long to hand over. */
function prepareDevices(db: Connection): Fleet['devices'] {
  const keys = '(SELECT json_group_array(d.key) FROM dax_devices AS d WHERE d.host = h.key)';
  const from = `SELECT h.id AS host, ${keys} AS keys FROM hosts AS h`;
  const all = db.prepare<[], DevicesRow>(from);
  const some = db.prepare<[string], DevicesRow>(`${from} WHERE h.id ${AMONG}`);
  return (names) => {
    const rows = names === null ? all.all() : some.all(JSON.stringify(names));
    return new Map(
      rows.map(({ host, keys: text }) => [host, (JSON.parse(text) as number[]).sort(ascending)]),
    );
  };
}

interface DevicesRow {
  readonly host: string;
  readonly keys: string;
}

function ascending(a: number, b: number): number {
  return a - b;
}

/** As many events are looked at; of more each host is asked for its last one, by the index of hosts. */
const EVENTS_READ_MAX = 1_000;

function prepareChangedSince(db: Connection, lastSeq: () => number): Fleet['changedSince'] {
  const byEvents = db
    .prepare<[number], string>(
      'SELECT name FROM host_names WHERE key IN (SELECT host FROM events WHERE seq > ?)',
    )
    .pluck();
  const byHosts = db
    .prepare<[number], string>(
      'SELECT name FROM host_names AS n WHERE (SELECT max(e.seq) FROM events AS e WHERE e.host = n.key) > ?',
    )
    .pluck();
  return (seq) => (lastSeq() - seq > EVENTS_READ_MAX ? byHosts : byEvents).all(seq);
}
