import type { Kind, RecordOf } from '../engine/model/host.ts';
import { isRefusal, type Refusal } from '../engine/model/refusal.ts';
import type { Connection, Statement } from './connection.ts';
import { listRows, type Prepare } from './list.ts';
import type { EventPage, ListQuery, Page, Store, StoredEvent } from './port.ts';

/** What a store answers by reading alone. */
export type Reads = Pick<Store, 'get' | 'getByUid' | 'list' | 'events' | 'runningRemovals'>;

/** The reading half of the store, over a connection that only reads. */
export function createReads(db: Connection): Reads {
  const prepare = prepareOnce(db);
  const recordOf = <K extends Kind>(sql: string, ...values: string[]): RecordOf<K> | null => {
    const row = prepare(sql).get(...values) as { readonly record: string } | undefined;
    return row === undefined ? null : (JSON.parse(row.record) as RecordOf<K>);
  };
  const listNow = prepareList(db);
  const eventsNow = db.transaction((query: Parameters<Store['events']>[0]) => events(prepare, query));
  return {
    get: async (kind, host, id) => recordOf(`SELECT record FROM ${kind} WHERE host = ? AND id = ?`, host, id),
    getByUid: async (kind, uid) => recordOf(`SELECT record FROM ${kind} WHERE uid = ?`, uid),
    list: async (query) => listNow(query),
    events: async (query) => eventsNow(query),
    runningRemovals: async () =>
      prepare(`SELECT host, id AS removal FROM removals WHERE state = 'running' ORDER BY key`).all() as {
        host: string;
        removal: string;
      }[],
  };
}

/** Prepares listing, in one transaction, so that as_of is of the very state that was read. */
export function prepareList(db: Connection): (query: ListQuery) => Page | Refusal {
  const prepare = prepareOnce(db);
  return db.transaction((query: ListQuery) => {
    const rows = listRows(prepare, query);
    return isRefusal(rows) ? rows : { ...rows, as_of: lastSeq(prepare) };
  });
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

function events(prepare: Prepare, { after, limit, host }: Parameters<Store['events']>[0]): EventPage {
  const columns = 'seq, id, host, type, subject, at, data';
  const statement = prepare(
    `SELECT ${columns} FROM events WHERE seq > ?${host === undefined ? '' : ' AND host = ?'} ORDER BY seq LIMIT ?`,
  );
  const items = statement.all(after, ...(host === undefined ? [] : [host]), limit) as StoredEvent[];
  return { items, as_of: lastSeq(prepare) };
}

function lastSeq(prepare: Prepare): number {
  return (prepare('SELECT coalesce(max(seq), 0) AS seq FROM events').get() as { seq: number }).seq;
}
