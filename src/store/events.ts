import type { Connection } from './connection.ts';
import { eventId, withDashes } from './event_id.ts';
import { NAME_KEY } from './journal.ts';
import type { Prepare } from './list.ts';
import type { EventPage, EventQuery, StoredEvent } from './port.ts';
import type { Seen } from './state.ts';
import { prepareOnce } from './prepare_once.ts';
import { requestIdOf, type StoredRequestId } from './request_ids.ts';
import { SEEN } from './seen.ts';
import { timeOf } from './time.ts';

type Value = string | number;

/** Prepares reading pages of the journal, each of one state with how far that goes. */
export function prepareEvents(db: Connection): (query: EventQuery) => EventPage {
  const prepare = prepareOnce(db);
  return db.transaction((query: EventQuery) => readPage(prepare, query));
}

/**
 * Whether a page is a few ranges of indexes, and so costs what it shows: of one filter, or of none. Of several the rows
 * that an index leaves are looked through, up to all of a type.
 */
export function isEventRange({ host, dax_device, tenant, types }: EventQuery): boolean {
  return [host, dax_device, tenant, types].filter((filter) => filter !== undefined).length <= 1;
}

/** A row of the journal, its host's name beside it. */
interface EventRow extends Omit<StoredEvent, 'id' | 'at' | 'request_id'> {
  readonly id: string | null;
  readonly at_ms: number;
  readonly request_id: StoredRequestId;
}

/** Data in a page: one event may name all that a host has, which is megabytes, and pages are made and sent at once. */
const DATA_BYTES_MAX = 2 ** 18;

const COLUMNS = `e.seq, lower(hex(e.id)) AS id, n.name AS host, e.type, e.subject, e.at_ms,
  e.request_id, e.traceparent, e.actor, e.dax_device, e.tenant, coalesce(e.data, '{}') AS data`;

function readPage(prepare: Prepare, query: EventQuery): EventPage {
  const [numbers, ...values] = numbersOf(query);
  const { random } = prepare('SELECT CAST(random AS TEXT) AS random FROM identity').get() as {
    random: string;
  };
  const seen = prepare(`SELECT ${SEEN}`).get() as Seen;
  const rows = prepare(`SELECT ${COLUMNS} FROM (${numbers}) AS p CROSS JOIN events AS e ON e.seq = p.seq
    CROSS JOIN host_names AS n ON n.key = e.host ORDER BY p.seq${directionOf(query)}`).iterate(...values);
  return { ...pageOf(rows as Iterable<EventRow>, query.limit, BigInt(random)), ...seen };
}

/** Reads no more rows than the page has, and one: SQLite sorts their numbers alone. */
function pageOf(
  rows: Iterable<EventRow>,
  limit: number,
  random: bigint,
): Pick<EventPage, 'items' | 'is_full'> {
  const items: StoredEvent[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += Buffer.byteLength(row.data);
    if (bytes > DATA_BYTES_MAX && items.length > 0) return { items, is_full: true };
    items.push(eventOf(row, random));
  }
  return { items, is_full: items.length === limit };
}

function eventOf(row: EventRow, random: bigint): StoredEvent {
  const { seq, id, host, type, subject, at_ms, request_id, ...more } = row;
  return {
    seq,
    id: id === '' || id === null ? eventId(random, seq, at_ms) : withDashes(id),
    host,
    type,
    subject,
    at: timeOf(at_ms),
    request_id: requestIdOf(request_id),
    ...more,
  };
}

/** The numbers of a page, in SQL, and what its question marks stand for. */
function numbersOf(query: EventQuery): [sql: string, ...values: Value[]] {
  const { types, limit } = query;
  // Of several types each is a range in order; together they are in none.
  if (types === undefined || !isEventRange(query)) return numbersIn(query);
  const parts = [...new Set(types)].map((type) => numbersIn({ ...query, types: [type] }));
  const sql = parts.map(([text]) => `SELECT seq FROM (${text})`).join(' UNION ALL ');
  const values = parts.flatMap(([, ...each]) => each);
  return [`SELECT seq FROM (${sql}) ORDER BY seq${directionOf(query)} LIMIT ?`, ...values, limit];
}

function numbersIn(query: EventQuery): [sql: string, ...values: Value[]] {
  const { host, dax_device, tenant, types, after, newest_first, limit } = query;
  const conditions: (readonly [sql: string, ...values: Value[]])[] = [
    ...(after === undefined ? [] : [[`seq ${newest_first === true ? '<' : '>'} ?`, after] as const]),
    ...(host === undefined ? [] : [[`host = ${NAME_KEY}`, host] as const]),
    ...(dax_device === undefined ? [] : [['dax_device = ?', dax_device] as const]),
    ...(tenant === undefined ? [] : [['tenant = ?', tenant] as const]),
    ...(types === undefined ? [] : [isOneOf(types)]),
  ];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
  const sql = `SELECT seq FROM events${where} ORDER BY seq${directionOf(query)} LIMIT ?`;
  return [sql, ...conditions.flatMap(([, ...values]) => values), limit];
}

/** The list goes as one text, so that there are few statements. SQLite takes no index for it, whose order it would leave. */
function isOneOf(types: readonly string[]): readonly [sql: string, ...values: Value[]] {
  const [first, ...others] = types;
  if (first !== undefined && others.length === 0) return ['type = ?', first];
  return ['+type IN (SELECT value FROM json_each(?))', JSON.stringify(types)];
}

function directionOf({ newest_first }: EventQuery): '' | ' DESC' {
  return newest_first === true ? ' DESC' : '';
}
