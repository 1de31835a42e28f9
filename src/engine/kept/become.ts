import type { EventType } from '../model/event.ts';
import type { File, Host, Kind, Mapping, RecordOf } from '../model/host.ts';
import { rowsOf, type Entries } from '../model/mapping_table.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { isSame } from '../model/same.ts';
import {
  countWindows,
  dropEntries,
  emit,
  entriesOf,
  insertRows,
  put,
  remove,
  setMapped,
  type Transaction,
} from '../model/transaction.ts';
import { forUsesBut } from '../model/uses_of_record.ts';
import { windowFinder } from '../model/window.ts';
import { keptKinds, wantedOn, wholeRecord, type Wanted } from './wanted.ts';

/** The state that a host is to be in, and what its events are to say. */
export interface Becoming {
  readonly state: Host;
  readonly name: string;
  readonly type: EventType;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Changes that one event has at most. */
const CHANGES_MAX = 1_000;

/** Changes of one commit: so many hold up everybody for a second or two. */
const COMMIT_MAX = 20_000;

/**
 * Makes a host what a kept state was, or of no host one that is so: its records in their order of creation, entries, what was
 * mapped before removals, and what open exposures reach. What is the same already is not touched. A revision goes up with
 * every change, also of a record that has to be made again for its place among the others; none comes twice. Refused with
 * `limit_reached` where more than 20 000 changes are needed.
 */
export function become(tx: Transaction, { state, name, type, data }: Becoming): Refusal | null {
  const wanted = wantedOn(tx.host, state, name, tx.context.uid);
  // Windows are counted once all is there that they are counted by.
  const windows = new Set(tx.host.open_exposures.windows.keys());
  let part = 1;
  const note = (least: number): void => {
    if (tx.pending.length < least) return;
    emit(tx, type, `hosts/${name}`, part === 1 ? data : { part });
    part += 1;
  };
  const between = (): void => note(CHANGES_MAX);
  for (const kind of keptKinds(state)) becomeKind(tx, state, kind, wanted.get(kind)!, between);
  for (const [former, pfns] of state.mapped_before) {
    const id = idOf(wanted.get('removals')!, former);
    const now = tx.host.mapped_before.get(id);
    if (now === undefined || !isSame([...now], [...pfns])) setMapped(tx, id, [...pfns]);
  }
  for (const id of state.open_exposures.windows.keys()) windows.add(id);
  const ids = [...windows];
  const isChanged = part > 1 || tx.pending.length > 0;
  if (isChanged && ids.length > 0) countWindows(tx, ids, ids.map(windowFinder(tx.host)));
  note(1);
  const changes = tx.events.reduce((sum, event) => sum + event.changes.length, 0);
  if (changes <= COMMIT_MAX) return null;
  return refuse(
    'limit_reached',
    `that takes ${String(changes)} changes, and ${String(COMMIT_MAX)} are made at once`,
  );
}

/** The id that a record has now. */
function idOf(wanted: Wanted, former: string): string {
  return [...wanted].find(([, each]) => each.former === former)![0];
}

/** What stands of a kind before the first that is not to stand there, or not in that place, stays; all behind it is made anew. */
function becomeKind(tx: Transaction, state: Host, kind: Kind, wanted: Wanted, between: () => void): void {
  const standing = [...tx.host.tables[kind].keys()];
  const kept = standing.filter((id) => wanted.has(id));
  const order = [...wanted.keys()];
  let stay = 0;
  while (stay < order.length && kept[stay] === order[stay] && staysInPlace(tx, kind, order[stay]!, wanted))
    stay += 1;
  const staying = new Set(order.slice(0, stay));
  const revisions = new Map<string, number>();
  for (const id of standing) {
    if (staying.has(id)) continue;
    revisions.set(id, tx.host.tables[kind].get(id)!.revision);
    if (ownsEntries(kind)) empty(tx, id);
    remove(tx, kind, id);
    between();
  }
  for (const [id, { record, former }] of wanted) {
    const entries = ownsEntries(kind) ? (state.entries.get(former) ?? []) : [];
    if (staying.has(id)) changeTo(tx, kind, id, record, entries);
    else makeAnew(tx, kind, id, record, entries, revisions.get(id));
    between();
  }
}

function ownsEntries(kind: Kind): boolean {
  return kind === 'mappings' || kind === 'files';
}

/** Whether a record may be put where it stands: of the same uid, found by the same, and not left without extents (apply.ts). */
function staysInPlace({ host }: Transaction, kind: Kind, id: string, wanted: Wanted): boolean {
  const now = host.tables[kind].get(id)!;
  const { record } = wanted.get(id)!;
  if (now.uid !== record.uid) return false;
  if (host.extents.has(id) && (record as File).extents.length === 0) return false;
  let isFoundAlike = true;
  for (const [one, other] of [
    [record, now],
    [now, record],
  ] as const)
    forUsesBut(kind, one, other, () => (isFoundAlike = false), new Map(), id);
  return isFoundAlike;
}

function changeTo(tx: Transaction, kind: Kind, id: string, record: RecordOf<Kind>, entries: Entries): void {
  const isOfSameEntries = !ownsEntries(kind) || haveSameRows(entriesOf(tx.host, id), entries);
  if (!isOfSameEntries) empty(tx, id);
  const now = wholeRecord(tx.host, kind, tx.host.tables[kind].get(id)!);
  const told = isOfSameEntries ? record : untouched(kind, record);
  if (!isSame({ ...now, revision: 0 }, { ...told, revision: 0 })) putAny(tx, kind, id, told);
  if (!isOfSameEntries) insertRows(tx, id, rowsOf(entries));
}

function makeAnew(
  tx: Transaction,
  kind: Kind,
  id: string,
  record: RecordOf<Kind>,
  entries: Entries,
  revision = 0,
): void {
  const last = revision === 0 ? 0 : Math.max(revision, record.revision);
  putAny(tx, kind, id, { ...untouched(kind, record), revision: last });
  insertRows(tx, id, rowsOf(entries));
}

/** A mapping without entries: they come, and are counted, behind it. */
function untouched(kind: Kind, record: RecordOf<Kind>): RecordOf<Kind> {
  if (kind !== 'mappings') return record;
  return { ...(record as Mapping), present: { pte: 0, pmd: 0, pud: 0, anon: 0 } };
}

/** Types do not say that a record is of its kind. */
function putAny(tx: Transaction, kind: Kind, id: string, record: RecordOf<Kind>): void {
  put<Kind>(tx, kind, id, record);
}

/** All entries go, of whatever kind. */
function empty(tx: Transaction, owner: string): void {
  if (entriesOf(tx.host, owner).length > 0) dropEntries(tx, owner, 0, Number.MAX_SAFE_INTEGER, true);
}

function haveSameRows(one: Entries, other: Entries): boolean {
  const [rows, others] = [rowsOf(one), rowsOf(other)];
  return rows.length === others.length && rows.every((value, at) => value === others[at]);
}
