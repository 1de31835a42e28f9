import type { Kind, RecordOf } from '../engine/model/host.ts';
import { isRefusal, type Refusal } from '../engine/model/refusal.ts';
import type { Connection } from './connection.ts';
import { prepareEvents } from './events.ts';
import { keyOfHost } from './host_key.ts';
import { createKeptReads } from './kept_reads.ts';
import { runningRemovals } from './running_removals.ts';
import { isInParts, listPage } from './list.ts';
import { prepareOnce } from './prepare_once.ts';
import type { ListQuery, Page, RecordText, Store } from './port.ts';
import { KINDS, revisionOf, wholeRecord } from './tables.ts';
import { IS_UID, uidText, uidValues } from './uids.ts';

/** What a store answers by reading alone. */
export type Reads = Pick<
  Store,
  'get' | 'getByUid' | 'getText' | 'getTextByUid' | 'list' | 'events' | 'runningRemovals'
>;

/**
 * The reading half of the store, over a connection that only reads; `begin` is called before each read but that of the
 * running removals, which is one statement, and numbers the state that is read: of one that is read again, what was read
 * stands. By default each read is for itself.
 */
export function createReads(db: Connection, begin: () => number | null = () => null): Reads {
  const prepare = prepareOnce(db);
  const kept = createKeptReads();
  const read = prepareTexts(db);
  // What is kept has been found: no name and no id has a blank.
  const texts: Texts = {
    byId: (kind, host, id) =>
      kept.of(begin(), `${kind} ${host} ${id}`, () => read.byId(kind, host, id), recordTextOf),
    byUid: (kind, uid) => kept.of(begin(), `uid ${kind} ${uid}`, () => read.byUid(kind, uid), recordTextOf),
  };
  const parsed = <K extends Kind>(found: RecordText | null): RecordOf<K> | null =>
    found === null ? null : (JSON.parse(found.text) as RecordOf<K>);
  const listNow = prepareList(db);
  const readEvents = prepareEvents(db);
  return {
    get: async (kind, host, id) => parsed(texts.byId(kind, host, id)),
    getByUid: async (kind, uid) => parsed(texts.byUid(kind, uid)),
    getText: async (kind, host, id) => texts.byId(kind, host, id),
    getTextByUid: async (kind, uid) => texts.byUid(kind, uid),
    list: async (query) =>
      kept.of(begin(), JSON.stringify(query), () => byItself(listNow(query)), pageTextOf),
    events: async (query) => {
      begin();
      return readEvents(query);
    },
    runningRemovals: async () => runningRemovals(prepare),
  };
}

/** A text that another one was cut off from holds on to both: kept, it is one of its own. */
function byItself(page: Page | Refusal): Page | Refusal {
  if (isRefusal(page) || page.last === null) return page;
  return { ...page, records: Buffer.from(page.records).toString() };
}

function recordTextOf(found: RecordText | null): string | null {
  return found === null ? null : found.text;
}

function pageTextOf(page: Page | Refusal): string | null {
  return isRefusal(page) ? null : page.records;
}

interface Texts {
  readonly byId: (kind: Kind, host: string, id: string) => RecordText | null;
  readonly byUid: (kind: Kind, uid: string) => RecordText | null;
}

/** Prepares reading one record of each kind. */
function prepareTexts(db: Connection): Texts {
  const find = (kind: Kind, columns: string) => {
    const text = `SELECT ${columns} FROM ${kind}`;
    const host = kind === 'hosts' ? 'id = ?' : `host = ${keyOfHost()}`;
    return {
      byId: db.prepare<[string, string], string>(`${text} WHERE ${host} AND id = ?`).pluck(),
      byUid: db.prepare<ReturnType<typeof uidValues>, string>(`${text} WHERE ${IS_UID}`).pluck(),
    };
  };
  const ofKind = (kind: Kind) => {
    const state = `${uidText(kind)} || '.' || ${revisionOf(kind)}`;
    return {
      texts: find(kind, wholeRecord(kind)),
      withStates: find(kind, `${state} || char(10) || ${wholeRecord(kind)}`),
    };
  };
  const statements = Object.fromEntries(KINDS.map((kind) => [kind, ofKind(kind)])) as {
    readonly [kind in Kind]: ReturnType<typeof ofKind>;
  };
  return {
    byId: (kind, host, id) => {
      const { texts, withStates } = statements[kind];
      return recordText(texts.byId.get(host, id), () => withStates.byId.get(host, id));
    },
    byUid: (kind, uid) => {
      const { texts, withStates } = statements[kind];
      const values = uidValues(uid);
      return recordText(texts.byUid.get(...values), () => withStates.byUid.get(...values));
    },
  };
}

/** How the records of most kinds begin, not those of mounts. */
const HEAD = /^\{"uid":"([^"\\]+)","revision":([0-9]+)/;

/**
 * A record by its text, which mostly begins with its state: SQLite would take as long to put that together as to find the
 * row. Where it does not, `withState` reads both as one text: an object of three columns would cost as much as to find it.
 */
function recordText(text: string | undefined, withState: () => string | undefined): RecordText | null {
  if (text === undefined) return null;
  const [, uid, revision] = HEAD.exec(text) ?? [];
  if (uid !== undefined) return { state: `${uid}.${revision!}`, text };
  const row = withState();
  if (row === undefined) return null;
  const end = row.indexOf('\n');
  return { state: row.slice(0, end), text: row.slice(end + 1) };
}

/** Prepares listing: as_of is of the very state that was read. A statement is a transaction of its own. */
export function prepareList(db: Connection): (query: ListQuery) => Page | Refusal {
  const prepare = prepareOnce(db);
  const listNow = (query: ListQuery): Page | Refusal => listPage(prepare, query);
  const listInParts = db.transaction(listNow);
  return (query) => (isInParts(query) ? listInParts(query) : listNow(query));
}
