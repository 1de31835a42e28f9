import type { Event } from '../engine/model/event.ts';
import type { File, Host, Kind } from '../engine/model/host.ts';
import type { Resource } from '../engine/model/resource.ts';
import { entriesOf } from '../engine/model/transaction.ts';
import type { Applied } from './applied.ts';
import type { Connection } from './connection.ts';
import { areApart, prepareExtentRows } from './extent_chunks.ts';
import { prepareMappedRow } from './mapped_before.ts';
import { inlineRuns, prepareChunkRows } from './entry_chunks.ts';
import { columnsOf, hasLabels, KINDS, ownsEntries } from './tables.ts';

/** A row that events concern. `renewed`: it was deleted on the way, so that what stands there now is a new row. */
export interface Touched {
  readonly kind: Kind;
  readonly id: string;
  readonly renewed: boolean;
}

type Project = (name: string, host: Host, applied: Applied) => readonly Touched[];
type WriteRow = (name: string, host: Host, row: Touched) => void;
type Value = string | number | null | Buffer;

/**
 * Prepares `apply` in SQL: given the events that a host has had, writes each row they concern once, as the host now has
 * it. Returns what it wrote.
 */
export function prepareProject(db: Connection): Project {
  const writers = new Map(KINDS.map((kind) => [kind, prepareTable(db, kind)]));
  const writeChunks = prepareChunkRows(db);
  const writeExtents = prepareExtentRows(db);
  const writeMapped = prepareMappedRow(db);
  return (name, host, { events, entries, copied, extents, mapped_before }) => {
    const touched = [...touchedBy(host, events)];
    for (const row of touched) writers.get(row.kind)?.(name, host, row);
    const renewed = new Set(touched.filter((row) => row.renewed && row.kind === 'files').map(({ id }) => id));
    for (const [file, before] of extents)
      writeExtents(name, file, renewed.has(file) ? [] : before, host.tables.files.get(file)?.extents ?? []);
    const sources = sourcesOf(host, copied);
    for (const [owner, before] of entries)
      if (!sources.has(owner)) writeChunks(name, owner, before, entriesOf(host, owner));
    // Behind all others, for rows are copied as they stand.
    for (const [owner, from] of sources)
      writeChunks(name, owner, entries.get(owner)!, entriesOf(host, owner), from);
    for (const [removal, before] of mapped_before) {
      const after = host.mapped_before.get(removal);
      if (after !== before) writeMapped(name, removal, after);
    }
    return touched;
  };
}

/** Of those owners that were given the entries of another one, those that have the same now. */
function sourcesOf(host: Host, copied: Applied['copied']): ReadonlyMap<string, string> {
  return new Map([...copied].filter(([owner, from]) => entriesOf(host, from) === entriesOf(host, owner)));
}

/** The rows that events concern; new ones in the order of their creation, which is that of the host's tables. */
function touchedBy(host: Host, events: readonly Event[]): Iterable<Touched> {
  const touched = new Map<string, Touched>();
  const touch = (kind: Kind, id: string): void => {
    const key = `${kind}/${id}`;
    if (!touched.has(key)) touched.set(key, { kind, id, renewed: false });
  };
  const touchOwner = (owner: string): void => {
    if (host.tables.mappings.has(owner)) touch('mappings', owner);
    else if (host.tables.files.has(owner)) touch('files', owner);
  };
  for (const change of events.flatMap((event) => event.changes)) {
    switch (change.op) {
      case 'put':
        touch(change.kind, change.id);
        break;
      case 'delete':
        touched.delete(`${change.kind}/${change.id}`);
        touched.set(`${change.kind}/${change.id}`, { kind: change.kind, id: change.id, renewed: true });
        break;
      case 'give_blocks':
        touch('files', change.file);
        break;
      case 'insert_entries':
      case 'drop_entries':
        touchOwner(change.owner);
        break;
      case 'copy_entries':
        touchOwner(change.to);
        break;
      case 'protect_entries':
        for (const owner of change.owners) touchOwner(owner);
        break;
      case 'count_windows':
      case 'note_mapped':
        break;
    }
  }
  return touched.values();
}

function prepareTable(db: Connection, kind: Kind): WriteRow {
  const fields = columnsOf(kind);
  const remove = db.prepare<[string, string]>(`DELETE FROM ${kind} WHERE host = ? AND id = ?`);
  const writes = { touch: prepareTouch(db, kind, fields), put: preparePut(db, kind, fields) };
  const relabel = prepareLabels(db, kind);
  return (name, host, { id, renewed }) => {
    const record: Resource | undefined = host.tables[kind].get(id);
    const row = record === undefined ? null : rowOf(kind, fields, host, id, record);
    if (row !== null && !renewed && writes.touch(name, id, row)) return;
    relabel.drop(name, id);
    if (renewed) remove.run(name, id);
    if (row === null) return;
    writes.put(name, id, row);
    relabel.keep(name, id);
  };
}

/** A record as its row has it. */
interface RecordRow {
  readonly uid: string;
  readonly revision: number;
  readonly columns: readonly Value[];
  /** The record, and the few runs of entries that some kinds have beside it: what no index is of. */
  readonly contents: readonly Value[];
}

function rowOf(kind: Kind, fields: readonly string[], host: Host, id: string, record: Resource): RecordRow {
  const { uid, revision } = record;
  const values = record as unknown as Record<string, unknown>;
  const columns = fields.map((field) => columnValue(values[field] ?? UNTOLD[field]));
  const runs = ownsEntries(kind) ? [inlineRuns(entriesOf(host, id))] : [];
  return { uid, revision, columns, contents: [textOf(kind, record), ...runs] };
}

function textOf(kind: Kind, record: Resource): string {
  const isApart = kind === 'files' && areApart((record as File).extents);
  return JSON.stringify(isApart ? { ...record, extents: [] } : record);
}

function contentsOf(kind: Kind): string[] {
  return ['record', ...(ownsEntries(kind) ? ['runs'] : [])];
}

/**
 * Most changes of a record leave its columns, and so its labels, as they are: then what no index is of is written
 * alone. Answers whether that was so.
 */
function prepareTouch(db: Connection, kind: Kind, fields: readonly string[]) {
  const changing = ['revision', ...contentsOf(kind)].map((column) => `${column} = ?`);
  const same = ['host = ?', 'id = ?', ...fields.map((field) => `${quote(field)} IS ?`)];
  const update = db.prepare<Value[]>(`UPDATE ${kind} SET ${changing.join(', ')} WHERE ${same.join(' AND ')}`);
  return (name: string, id: string, { revision, contents, columns }: RecordRow): boolean =>
    update.run(revision, ...contents, name, id, ...columns).changes > 0;
}

function preparePut(db: Connection, kind: Kind, fields: readonly string[]) {
  const changing = ['revision', ...fields.map(quote), ...contentsOf(kind)];
  const columns = ['host', 'id', 'uid', ...changing];
  const upsert = db.prepare<Value[]>(
    `INSERT INTO ${kind} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
     ON CONFLICT (host, id) DO UPDATE SET ${changing.map((column) => `${column} = excluded.${column}`).join(', ')}`,
  );
  return (name: string, id: string, { uid, revision, columns: values, contents }: RecordRow): void =>
    void upsert.run(name, id, uid, revision, ...values, ...contents);
}

/** Labels stand beside their row, a row each, so that a list finds it by them. */
function prepareLabels(
  db: Connection,
  kind: Kind,
): Record<'drop' | 'keep', (name: string, id: string) => void> {
  if (!hasLabels(kind)) return { drop: () => undefined, keep: () => undefined };
  const drop = db.prepare<[string, string, string]>(
    `DELETE FROM labels WHERE kind = '${kind}' AND host = ? AND key = (SELECT key FROM ${kind} WHERE host = ? AND id = ?)`,
  );
  const keep = db.prepare<[string, string]>(
    `INSERT INTO labels (kind, name, value, key, host) SELECT '${kind}', label.key, label.value, owner.key, owner.host
     FROM ${kind} AS owner, json_each(owner.record, '$.labels') AS label WHERE owner.host = ? AND owner.id = ?`,
  );
  return {
    drop: (name, id) => void drop.run(name, name, id),
    keep: (name, id) => void keep.run(name, id),
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
