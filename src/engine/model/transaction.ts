import type { Change, Event, EventType } from './event.ts';
import { applyChange, applyToRecord, type RecordChange } from './apply.ts';
import type { Entries } from './mapping_table.ts';
import { encodeRun, NO_ENTRIES, type Run } from './mapping_table.ts';
import type { DeviceLife } from './device_life.ts';
import type { Window } from './exposure.ts';
import type { Extent } from './inode.ts';
import type { Host, HostRecord, Kind, RecordOf } from './host.ts';
import { countingOf } from './open_exposures.ts';
import { loadOwner } from './rest.ts';
import type { Table } from './table.ts';
import { UndoLog } from './undo.ts';

/** Time and identifiers come from outside: same host, command and context, same events. */
export interface Context {
  /** RFC 3339, UTC. */
  readonly now: string;
  /** A fresh UUIDv7 at each call. */
  readonly uid: () => string;
}

/**
 * One decision in the making. Handlers read the host through it and emit events; an emitted event is applied
 * at once, so that what follows sees it, and undone at the end: `decide()` leaves the host as it was.
 */
export interface Transaction {
  readonly host: Host;
  readonly context: Context;
  readonly events: Event[];
  /** Changes since the last emit, waiting for the event that names them. */
  pending: Change[];
  readonly undo: UndoLog;
  /** Stored records as they were at begin(), of those that were put since: by kind and id. */
  readonly replaced: { [K in Kind]?: Map<string, RecordOf<K>> };
  /** Records that were deleted since begin(), as they were then. */
  readonly deleted: Map<Change, RecordOf<Kind>>;
}

/** A transaction on a host that has no events yet. */
export function begin(host: Host, context: Context): Transaction {
  return { host, context, events: [], pending: [], undo: new UndoLog(), replaced: {}, deleted: new Map() };
}

/** Puts the host back to what it was at begin(). */
export function rollback(tx: Transaction): void {
  tx.undo.takeBack();
}

/**
 * Does what `run` does in a transaction of its own inside of another one: what is kept the other puts back in its turn,
 * all else is put back at once.
 */
export function within<Done>(
  tx: Transaction,
  run: (own: Transaction) => Done,
  isKept: (done: Done) => boolean,
): Done {
  const own = begin(tx.host, tx.context);
  try {
    const done = run(own);
    if (isKept(done)) tx.undo.take(own.undo);
    return done;
  } finally {
    rollback(own);
  }
}

function make(tx: Transaction, change: Change): void {
  tx.pending.push(change);
  applyChange(tx.host, change, tx.undo);
}

function makeOfRecord(tx: Transaction, change: RecordChange): RecordOf<Kind> | undefined {
  tx.pending.push(change);
  return applyToRecord(tx.host, change, tx.undo);
}

/** Names the changes made since the last event. An event may have none (an oops in a worker, say). */
export function emit(
  tx: Transaction,
  type: EventType,
  subject: string,
  data: Record<string, unknown> = {},
): void {
  // A list that was pushed to has more room than most events need.
  tx.events.push({ type, subject, data, changes: tx.pending.slice() });
  tx.pending = [];
}

/** Stores a record; its revision is one above the stored one's, or above what it has where it is new under its id. */
export function put<K extends Kind>(tx: Transaction, kind: K, id: string, record: RecordOf<K>): RecordOf<K> {
  const before = table(tx.host, kind).get(id);
  return replace(tx, kind, id, before, { ...record, revision: (before ?? record).revision + 1 });
}

/** Stores a record that is new under its id and has its first revision, as it is. */
export function add<K extends Kind>(tx: Transaction, kind: K, id: string, record: RecordOf<K>): RecordOf<K> {
  makeOfRecord(tx, { op: 'put', kind, id, record } as RecordChange);
  return record;
}

function replace<K extends Kind>(
  tx: Transaction,
  kind: K,
  id: string,
  before: RecordOf<K> | undefined,
  record: RecordOf<K>,
): RecordOf<K> {
  if (before !== undefined) keepReplaced(tx, kind, id, before);
  makeOfRecord(tx, { op: 'put', kind, id, record } as RecordChange);
  return record;
}

function keepReplaced<K extends Kind>(tx: Transaction, kind: K, id: string, record: RecordOf<K>): void {
  const replaced: { [Of in K]?: Map<string, RecordOf<K>> } = tx.replaced;
  const known = (replaced[kind] ??= new Map());
  if (!known.has(id)) known.set(id, record);
}

/** What patch() changes of a record: all but a device's lifecycle state, which only device/lifecycle.ts writes. */
type Patched<K extends Kind> = Partial<RecordOf<K>> &
  (K extends 'dax_devices' ? { readonly [F in keyof DeviceLife]?: never } : unknown);

/** Changes fields of a stored record. */
export function patch<K extends Kind>(tx: Transaction, kind: K, id: string, fields: Patched<K>): RecordOf<K> {
  return amend(tx, kind, id, fields);
}

/** The same of any field: what patch() does not take of a device is for device/lifecycle.ts alone. */
export function amend<K extends Kind>(
  tx: Transaction,
  kind: K,
  id: string,
  fields: Partial<RecordOf<K>>,
): RecordOf<K> {
  const before = table(tx.host, kind).get(id);
  if (before === undefined) throw new Error(`no ${kind} ${id}`);
  return replace(tx, kind, id, before, { ...before, ...fields, revision: before.revision + 1 });
}

/** Deletes a stored record. */
export function remove(tx: Transaction, kind: Kind, id: string): void {
  const change = { op: 'delete', kind, id } as const;
  tx.deleted.set(change, makeOfRecord(tx, change)!);
}

/** Records of a kind that were deleted since begin(), as they were then, by id. O(deleted records). */
export function deletedOf<K extends Kind>(tx: Transaction, kind: K): ReadonlyMap<string, RecordOf<K>> {
  const found = new Map<string, RecordOf<K>>();
  for (const [change, record] of tx.deleted)
    if (change.op === 'delete' && change.kind === kind) found.set(change.id, record as RecordOf<K>);
  return found;
}

/** A hole of a file gets these blocks. */
export function giveExtent(tx: Transaction, file: string, { offset, pfn, nr_pages }: Extent): void {
  make(tx, { op: 'give_blocks', file, offset, pfn, nr_pages });
}

/** Puts entries into the table of a mapping, over those that were there. */
export function insertEntries(tx: Transaction, owner: string, list: readonly Run[]): void {
  if (list.length === 0) return;
  make(tx, { op: 'insert_entries', owner, rows: list.flatMap((run) => encodeRun(run)) });
}

/** Puts rows of runs, as encoded, into a table that has none there. */
export function insertRows(tx: Transaction, owner: string, rows: Float64Array): void {
  if (rows.length > 0) make(tx, { op: 'insert_entries', owner, rows: Array.from(rows) });
}

/** Takes entries out of `[index, index + nr_pages)`; with `anon` the process's own copies, too. */
export function dropEntries(
  tx: Transaction,
  owner: string,
  index: number,
  nr_pages: number,
  anon = false,
): void {
  make(tx, { op: 'drop_entries', owner, index, nr_pages, anon });
}

/** Takes all entries of mappings that have no copies. */
export function emptyEntries(tx: Transaction, owners: readonly string[]): void {
  if (owners.length > 0) make(tx, { op: 'empty_entries', owners });
}

/** A mapping that has no entries gets those of another one: all, or those of 4 KiB. */
export function copyEntries(tx: Transaction, from: string, to: string, only_pte: boolean): void {
  make(tx, { op: 'copy_entries', from, to, only_pte });
}

/** Write-protects the shared device entries of mappings. */
export function protectEntries(tx: Transaction, owners: readonly string[]): void {
  if (owners.length > 0) make(tx, { op: 'protect_entries', owners });
}

/** Counts what mappings and pins reach of another owner's, the windows that were found, instead of what they reached before. */
export function countWindows(
  tx: Transaction,
  ids: readonly string[],
  found: readonly (Window | null)[],
): void {
  make(tx, countingOf(ids, found));
}

/** Notes what is mapped now of the device of a removal that begins. */
export function noteMappedBefore(tx: Transaction, removal: string): void {
  make(tx, { op: 'note_mapped', removal });
}

/** Says what was mapped when a removal began. */
export function setMapped(tx: Transaction, removal: string, pfns: readonly number[]): void {
  make(tx, { op: 'set_mapped', removal, pfns });
}

function table<K extends Kind>(host: Host, kind: K): Table<RecordOf<K>> {
  return host.tables[kind];
}

/** The entries of a mapping, or of a file in the page cache. */
export function entriesOf(host: Host, owner: string): Entries {
  loadOwner(host, owner);
  return host.entries.get(owner) ?? NO_ENTRIES;
}

/** The host's own record. */
export function hostRecord(host: Host): HostRecord {
  const record = host.tables.hosts.first();
  if (record === undefined) throw new Error('host without a record');
  return record;
}

/** A readable id, unique in its host for good: `m1`, `f2`, `v3`. */
export function nextId(tx: Transaction, prefix: string): string {
  return nextIds(tx, 1)(prefix);
}

/** The same of so many things, in their order: the host is changed once. */
export function nextIds(tx: Transaction, count: number): (prefix: string) => string {
  const { name, next_id } = hostRecord(tx.host);
  if (count > 0) patch(tx, 'hosts', name, { next_id: next_id + count });
  let next = next_id;
  return (prefix) => {
    next += 1;
    return `${prefix}${String(next - 1)}`;
  };
}

/** The revision of a record that is new. */
export const FIRST_REVISION = 1;

/** uid, revision and host of a new record, before it is put. */
export function identity(tx: Transaction): { uid: string; revision: number; host: string } {
  return { uid: tx.context.uid(), revision: 0, host: hostRecord(tx.host).name };
}
