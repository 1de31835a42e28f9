import type { Host, Kind } from '../engine/model/host.ts';
import type { Extents } from '../engine/model/inode.ts';
import type { Table } from '../engine/model/table.ts';
import type { Connection } from './connection.ts';
import { chunksOfFile } from './extent_chunks.ts';
import { unpackRuns } from './packed_runs.ts';
import { hostColumn, ownsEntries, wholeRecord } from './tables.ts';

/**
 * The rows of a kind that a host has, in order of creation, joined by SQLite: to be given each alone, and to parse it,
 * takes twice as long. All but the runs are arrays as JSON.
 */
export interface JoinedRows {
  readonly host: number;
  readonly ids: string;
  readonly records: string;
  /** Of the kinds that own entries: the few runs beside each record, one behind the other, and how many bytes each has. */
  readonly runs?: Buffer;
  readonly lengths?: string;
  /** Of devices: their keys. */
  readonly keys?: string;
  /** Of files: chunks of their extents, where they stand apart. */
  readonly extents?: string;
}

/**
 * Prepares reading the rows of a kind, joined to one of each host: `among` is what the keys of the hosts are asked for,
 * `wanted` a condition on the rows. Those of a host are a range of its index, in which they are in order of their keys.
 */
export function prepareJoined(
  db: Connection,
  kind: Kind,
  among: string,
  wanted = 'TRUE',
): (hosts: number | string) => Iterable<JoinedRows> {
  const host = hostColumn(kind);
  const from = kind === 'hosts' ? kind : `${kind} INDEXED BY ${kind}_by_host`;
  const columns = [
    `${host} AS host`,
    'json_group_array(id) AS ids',
    // That of a host without counts is NULL: it is that host's fault alone.
    `'[' || group_concat(coalesce(${kind === 'files' ? 'record' : wholeRecord(kind)}, 'null')) || ']' AS records`,
    ...(ownsEntries(kind)
      ? [`CAST(group_concat(runs, '') AS BLOB) AS runs`, 'json_group_array(length(runs)) AS lengths']
      : []),
    ...(kind === 'dax_devices' ? ['json_group_array(key) AS keys'] : []),
    ...(kind === 'files' ? [`json_group_array(${chunksOfFile(kind)}) AS extents`] : []),
  ];
  const statement = db.prepare<[number | string], JoinedRows>(
    `SELECT ${columns.join(', ')} FROM ${from} WHERE ${host} ${among} AND ${wanted} GROUP BY ${host}`,
  );
  return (hosts) => statement.iterate(hosts);
}

/** Puts rows into their host. */
export function restoreRows(host: Host, kind: Kind, { ids, records, ...beside }: JoinedRows): void {
  const table = host.tables[kind] as Table<unknown>;
  const names = JSON.parse(ids) as string[];
  for (const [at, record] of (JSON.parse(records) as unknown[]).entries()) table.set(names[at]!, record);
  if (beside.runs !== undefined) {
    let end = 0;
    for (const [at, length] of (JSON.parse(beside.lengths!) as number[]).entries()) {
      const begin = end;
      end += length;
      if (length > 0) host.entries.set(names[at]!, [unpackRuns(beside.runs.subarray(begin, end))]);
    }
  }
  if (beside.extents !== undefined)
    for (const [at, extents] of (JSON.parse(beside.extents) as (string | null)[]).entries())
      if (extents !== null) host.extents.set(names[at]!, JSON.parse(extents) as Extents);
}
