import type { Kind, RecordOf } from '../engine/model/host.ts';
import { isRefusal, type Refusal } from '../engine/model/refusal.ts';
import type { Connection, Statement } from './connection.ts';
import { eventId, withDashes } from './event_id.ts';
import { keyOfHost } from './host_key.ts';
import { NAME_KEY } from './journal.ts';
import { createKeptReads } from './kept_reads.ts';
import { isInParts, listPage, type Prepare } from './list.ts';
import type { EventPage, ListQuery, Page, RecordText, Seen, Store, StoredEvent } from './port.ts';
import { SEEN } from './seen.ts';
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
  const eventsNow = db.transaction((query: Parameters<Store['events']>[0]) => events(prepare, query));
  return {
    get: async (kind, host, id) => parsed(texts.byId(kind, host, id)),
    getByUid: async (kind, uid) => parsed(texts.byUid(kind, uid)),
    getText: async (kind, host, id) => texts.byId(kind, host, id),
    getTextByUid: async (kind, uid) => texts.byUid(kind, uid),
    list: async (query) =>
      kept.of(begin(), JSON.stringify(query), () => byItself(listNow(query)), pageTextOf),
    events: async (query) => {
      begin();
      return eventsNow(query);
    },
    runningRemovals: async () =>
      prepare(`SELECT h.id AS host, r.id AS removal FROM removals AS r CROSS JOIN hosts AS h ON h.key = r.host
         WHERE r.state = 'running' ORDER BY r.key`).all() as {
        host: string;
        removal: string;
      }[],
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

/** The texts come from the closed set of kinds and columns, so that the statements kept are few. */
function prepareOnce(db: Connection): Prepare {
  const statements = new Map<string, Statement<(string | number)[]>>();
  return (sql) => {
    const statement = statements.get(sql) ?? db.prepare<(string | number)[]>(sql);
    statements.set(sql, statement);
    return statement;
  };
}

/** A row of the journal, its host's name beside it. */
interface EventRow extends Pick<StoredEvent, 'seq' | 'host' | 'type' | 'subject' | 'data'> {
  readonly id: string | null;
  readonly at_ms: number;
}

function events(prepare: Prepare, { after, limit, host }: Parameters<Store['events']>[0]): EventPage {
  const columns = `e.seq, lower(hex(e.id)) AS id, n.name AS host, e.type, e.subject, e.at_ms, coalesce(e.data, '{}') AS data`;
  const ofHost = host === undefined ? '' : ` AND e.host = ${NAME_KEY}`;
  const statement = prepare(
    `SELECT ${columns} FROM events AS e CROSS JOIN host_names AS n ON n.key = e.host
     WHERE e.seq > ?${ofHost} ORDER BY e.seq LIMIT ?`,
  );
  const rows = statement.all(after, ...(host === undefined ? [] : [host]), limit) as EventRow[];
  const { random } = prepare('SELECT CAST(random AS TEXT) AS random FROM identity').get() as {
    random: string;
  };
  const items = rows.map(
    ({ seq, id, host, type, subject, at_ms, data }): StoredEvent => ({
      seq,
      id: id === '' || id === null ? eventId(BigInt(random), seq, at_ms) : withDashes(id),
      host,
      type,
      subject,
      at: new Date(at_ms).toISOString(),
      data,
    }),
  );
  return { items, ...seen(prepare) };
}

function seen(prepare: Prepare): Seen {
  return prepare(`SELECT ${SEEN}`).get() as Seen;
}
