import type { Host, HostRecord, Kind } from '../engine/model/host.ts';
import type { Resource } from '../engine/model/resource.ts';
import { entriesOf } from '../engine/model/transaction.ts';
import type { Connection } from './connection.ts';
import { prepareCountRows } from './count_rows.ts';
import type { Differences } from './counters.ts';
import { inlineRuns } from './entry_chunks.ts';
import { differInCounts, prepareHostCounts, withoutCounts } from './host_counts.ts';
import { columnsOf, hasLabels, hostColumn, ownsEntries } from './tables.ts';
import { storedUid } from './uids.ts';

/** A row that events concern. */
export interface Touched {
  readonly kind: Kind;
  readonly id: string;
  /** It was deleted on the way, so that what stands there now is a new row. */
  readonly isRenewed: boolean;
  /** There was none before. */
  readonly isNew: boolean;
  /** The record that its first change replaced, where that was a `put`. */
  readonly former: Resource | undefined;
}

/**
 * Writes a row as the host now has it, and adds what that changes the counts by. Of a host that has no row, no other is
 * written than that one.
 */
export type WriteRow = (
  hostKey: number | undefined,
  host: Host,
  row: Touched,
  differences: Differences,
) => void;
type Value = string | number | bigint | null | Buffer;

/** Prepares writing rows of a kind, of which `keyOf` gives each that is new a key. */
export function prepareWriteRow(db: Connection, kind: Kind, keyOf: (kind: Kind) => number): WriteRow {
  const remove = db.prepare<[number, string]>(`DELETE FROM ${kind} WHERE ${isRow(kind)}`);
  const writes = {
    insert: prepareInsert(db, kind),
    change: prepareChange(db, kind),
    put: preparePut(db, kind),
  };
  const relabel = prepareLabels(db, kind);
  const counts = prepareCountRows(db, kind);
  const count = kind === 'hosts' ? prepareHostCounts(db) : null;
  return (hostKey, host, { id, isNew, isRenewed, former }, differences) => {
    const record: Resource | undefined = host.tables[kind].get(id);
    if (isRenewed && hostKey !== undefined) {
      relabel.drop(hostKey, id);
      counts.drop(differences, hostKey, id);
      remove.run(hostKey, id);
    }
    if (record === undefined) return;
    if (isNew || isRenewed) {
      const key = keyOf(kind);
      const owner = kind === 'hosts' ? key : hostKey!;
      writes.insert(key, owner, id, rowOf(kind, host, id, record));
      count?.(owner, record as HostRecord);
      relabel.keep(owner, id, record);
      counts.keep(differences, owner, record);
      return;
    }
    const owner = hostKey!;
    count?.(owner, record as HostRecord);
    if (count !== null && former !== undefined && differInCounts(former as HostRecord, record as HostRecord))
      return;
    const row = rowOf(kind, host, id, record);
    if (writes.change(owner, id, row)) return;
    relabel.drop(owner, id);
    counts.drop(differences, owner, id);
    writes.put(owner, id, row);
    relabel.keep(owner, id, record);
    counts.keep(differences, owner, record);
  };
}

/** Which row, of the key of a host and an id. */
function isRow(kind: Kind): string {
  return `${hostColumn(kind)} = ? AND id = ?`;
}

/** A record as its row has it. */
interface RecordRow {
  readonly uid: string;
  readonly columns: readonly Value[];
  /** The record, and what no index is of. */
  readonly contents: readonly Value[];
}

function rowOf(kind: Kind, host: Host, id: string, record: Resource): RecordRow {
  const { uid, revision } = record;
  const values = record as unknown as Record<string, unknown>;
  const columns = columnsOf(kind).map((field) => columnValue(values[field] ?? UNTOLD[field]));
  const counted = kind === 'hosts' ? [] : [revision];
  const runs = ownsEntries(kind) ? [inlineRuns(entriesOf(host, id))] : [];
  return { uid, columns, contents: [...counted, textOf(kind, record), ...runs] };
}

/** The columns of `contents`: the revision, the record, and the few runs of entries that some kinds have beside it. */
function contentsOf(kind: Kind): string[] {
  return [...(kind === 'hosts' ? [] : ['revision']), 'record', ...(ownsEntries(kind) ? ['runs'] : [])];
}

function textOf(kind: Kind, record: Resource): string {
  return JSON.stringify(kind === 'hosts' ? withoutCounts(record as HostRecord) : record);
}

function prepareInsert(db: Connection, kind: Kind) {
  const owner = kind === 'hosts' ? [] : ['host'];
  const columns = [
    'key',
    ...owner,
    'id',
    'uid_hi',
    'uid_lo',
    ...columnsOf(kind).map(quote),
    ...contentsOf(kind),
  ];
  const insert = db.prepare<Value[]>(
    `INSERT INTO ${kind} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  return (key: number, host: number, id: string, { uid, columns: values, contents }: RecordRow): void => {
    const place = kind === 'hosts' ? [key] : [key, host];
    insert.run(...place, id, ...storedUid(uid), ...values, ...contents);
  };
}

/**
 * Most changes of a record leave its columns, and so its labels, as they are: then what no index is of is written
 * alone. Answers whether that was so.
 */
function prepareChange(db: Connection, kind: Kind) {
  const same = [isRow(kind), ...columnsOf(kind).map((field) => `${quote(field)} IS ?`)];
  const update = db.prepare<Value[]>(
    `UPDATE ${kind} SET ${contentsOf(kind).map(isSet).join(', ')} WHERE ${same.join(' AND ')}`,
  );
  return (host: number, id: string, { contents, columns }: RecordRow): boolean =>
    update.run(...contents, host, id, ...columns).changes > 0;
}

function preparePut(db: Connection, kind: Kind) {
  const columns = [...columnsOf(kind).map(quote), ...contentsOf(kind)];
  const update = db.prepare<Value[]>(
    `UPDATE ${kind} SET ${columns.map(isSet).join(', ')} WHERE ${isRow(kind)}`,
  );
  return (host: number, id: string, { columns: values, contents }: RecordRow): void =>
    void update.run(...values, ...contents, host, id);
}

function isSet(column: string): string {
  return `${column} = ?`;
}

interface Labels {
  readonly drop: (host: number, id: string) => void;
  readonly keep: (host: number, id: string, record: object) => void;
}

/** Labels stand beside their row, a row each, so that a list finds it by them. */
function prepareLabels(db: Connection, kind: Kind): Labels {
  if (!hasLabels(kind)) return { drop: () => undefined, keep: () => undefined };
  const drop = db.prepare<[number, number, string]>(
    `DELETE FROM labels WHERE kind = '${kind}' AND host = ? AND key = (SELECT key FROM ${kind} WHERE ${isRow(kind)})`,
  );
  const keep = db.prepare<[number, string]>(
    `INSERT INTO labels (kind, name, value, key, host)
     SELECT '${kind}', label.key, label.value, owner.key, owner.${hostColumn(kind)}
     FROM ${kind} AS owner, json_each(owner.labels) AS label WHERE owner.${hostColumn(kind)} = ? AND owner.id = ?`,
  );
  return {
    drop: (host, id) => void drop.run(host, host, id),
    keep: (host, id, record) => {
      const { labels } = record as Pick<HostRecord, 'labels'>;
      if (Object.keys(labels).length > 0) keep.run(host, id);
    },
  };
}

/** What a column that is never NULL has where its field is null: of what is sorted, the first. */
const UNTOLD: Readonly<Record<string, Value>> = { size: 0 };

/** A boolean is 0 or 1 in a column, as a filter asks for it; labels are JSON. */
function columnValue(value: unknown): Value {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return (value as Value | undefined) ?? null;
}

/** `trigger` is a word of SQL. */
function quote(column: string): string {
  return `"${column}"`;
}
