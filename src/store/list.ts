import type { Kind } from '../engine/model/host.ts';
import { refuse, type Refusal } from '../engine/model/refusal.ts';
import type { Connection, Statement } from './connection.ts';
import { keyOfHost } from './host_key.ts';
import type { ListQuery, Page, Place } from './port.ts';
import type { Seen } from './state.ts';
import { SEEN } from './seen.ts';
import {
  hasLabels,
  hostColumn,
  isFilter,
  isPutTogether,
  isRangeWithinHost,
  isOfHost,
  KINDS,
  sortColumn,
  tableOfUse,
  wholeRecord,
} from './tables.ts';

type Value = string | number;
/** Prepares a statement, or has it prepared already. */
export type Prepare = (sql: string) => Statement<Value[]>;

/** A condition in SQL, and what its question marks stand for. */
type Condition = readonly [sql: string, ...values: Value[]];

/**
 * One page. Keyset paging: it begins where the last one ended, in the index that the list is in order of, and never
 * counts rows off. Refused with `invalid_field` where a filter or sort is none of the kind's. All of it is of one state
 * where it comes of one statement, or in a transaction.
 */
export function listPage(prepare: Prepare, query: ListQuery): Page | Refusal {
  const refused = refusesQuery(query);
  if (refused !== null) return refused;
  const source = sourceOf(query);
  const parts = partsAfter(source, query);
  let rows = select(prepare, query, source, parts[0], query.limit + 1);
  for (const part of parts.slice(1)) {
    const left = query.limit + 1 - rows.places.length;
    if (left > 0) rows = joined(rows, select(prepare, query, source, part, left));
  }
  return pageOf(rows, query.limit);
}

/** Whether a page may take more than one statement. */
export function isInParts({ sort, after }: ListQuery): boolean {
  return sort !== undefined && after !== undefined;
}

/** Of a bare `?` SQLite asks how much it is when it plans, and plans anew each time that it is bound. */
const LIMIT = '? + 0';

/** Between two records, and between two places: in the text of neither. */
const LINE_FEED = '\n';

/** Rows of an index in order: their records and places, each put together by SQLite: a text a row would cost as much as to read it. */
interface Rows extends Seen {
  readonly records: string;
  readonly places: readonly string[];
}

/** One of them more than a page has tells that others follow. */
function pageOf({ records, places, as_of, oldest_seq }: Rows, limit: number): Page {
  const isMore = places.length > limit;
  return {
    records: isMore ? records.slice(0, records.lastIndexOf(`,${LINE_FEED}`)) : records,
    count: Math.min(places.length, limit),
    last: isMore ? (JSON.parse(places[limit - 1]!) as Place) : null,
    as_of,
    oldest_seq,
  };
}

function joined(rows: Rows, others: Rows): Rows {
  if (rows.places.length === 0 || others.places.length === 0) return rows.places.length === 0 ? others : rows;
  return {
    ...rows,
    records: `${rows.records},${LINE_FEED}${others.records}`,
    places: [...rows.places, ...others.places],
  };
}

type Found = readonly [records: string | null, places: string | null, as_of: number, oldest_seq: number];

function select(prepare: Prepare, query: ListQuery, source: Source, part: Part, rows: number): Rows {
  const { kind, sort } = query;
  const conditions = [...part.conditions, ...source.conditions, ...conditionsOf(query)];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
  const direction = sort?.descending === true ? ' DESC' : '';
  const order = part.order.map((by) => by + direction).join(', ');
  const place = sort === undefined ? "'[' || r.key || ']'" : `json_array(r.key, ${source.column})`;
  // What is put together of several rows is, for those of the page alone, not for all that are sorted.
  const [record, whole, from] = isPutTogether(kind)
    ? ['r.key', wholeRecord(kind, 'w'), ` CROSS JOIN ${kind} AS w ON w.key = p.record`]
    : [wholeRecord(kind, 'r'), 'p.record', ''];
  const page = `SELECT ${record} AS record, ${place} AS place FROM ${source.from}${where} ORDER BY ${order} LIMIT ${LIMIT}`;
  const sql = `SELECT group_concat(coalesce(${whole}, 'null'), ',' || char(10)), group_concat(p.place, char(10)), ${SEEN}
    FROM (${page}) AS p${from}`;
  const values = conditions.flatMap(([, ...each]) => each);
  const found = prepare(sql)
    .raw()
    .get(...values, rows) as Found;
  const [records, places, as_of, oldest_seq] = found;
  return {
    records: records ?? '',
    places: places === null ? [] : places.split(LINE_FEED),
    as_of,
    oldest_seq,
  };
}

function refusesQuery({ kind, filters, sort }: ListQuery): Refusal | null {
  const unknown = Object.keys(filters).find((field) => !isFilter(kind, field));
  if (unknown !== undefined) return refusesField(unknown, `${kind} are not filtered by ${unknown}`);
  if (sort === undefined || sortColumn(kind, sort.field) !== null) return null;
  return refusesField('sort', `${kind} are not sorted by ${sort.field}`);
}

function refusesField(parameter: string, detail: string): Refusal {
  return refuse('invalid_field', detail, { pointer: `/${parameter}` });
}

/** Where a list is read from, and what it is in order of. */
interface Source {
  readonly from: string;
  /** The key of a row, which says when it was made among the others; rows equal in the column are in order of it. */
  readonly key: string;
  readonly column: string;
  readonly conditions: readonly Condition[];
}

/** In order of creation a list of what has labels of its own is read along the rows of the first that is asked for. */
function sourceOf(query: ListQuery): Source {
  const { kind, labels = [] } = query;
  const column = orderOf(query);
  const rows = `${kind} AS r`;
  const among = (label: Label): Condition => isLabelled(kind, label);
  const [first, ...others] = labels;
  if (first === undefined || column !== 'key' || !hasLabels(kind))
    return { from: rows, key: 'r.key', column: `r.${column}`, conditions: labels.map(among) };
  const from = `labels AS l CROSS JOIN ${rows} ON r.key = l.key`;
  return {
    from,
    key: 'l.key',
    column: 'l.key',
    conditions: [[LABELLED, kind, ...first], ...others.map(among)],
  };
}

const LABELLED = 'l.kind = ? AND l.name = ? AND l.value = ?';
type Label = readonly [name: string, value: string];

/** A record without labels of its own goes by those of its host and, where it is of a dax device, of that one (LIST1). */
function isLabelled(kind: Kind, label: Label): Condition {
  if (hasLabels(kind)) return [`r.key IN (SELECT l.key FROM labels AS l WHERE ${LABELLED})`, kind, ...label];
  const ofHost = `r.host IN (SELECT l.key FROM labels AS l WHERE ${LABELLED})`;
  if (!isFilter(kind, 'dax_device')) return [ofHost, 'hosts', ...label];
  const ofDevice = `(r.host, r.dax_device) IN
    (SELECT d.host, d.id FROM labels AS l CROSS JOIN dax_devices AS d ON d.key = l.key WHERE ${LABELLED})`;
  return [`(${ofHost} OR ${ofDevice})`, 'hosts', ...label, 'dax_devices', ...label];
}

/**
 * The column of the order. Keys grow with creation. What is asked for a time over the fleet is in order of the times of
 * the uids: of two hosts, rows that were made within the seconds of a long decision may change places in it.
 */
function orderOf({ kind, host, sort, ...query }: ListQuery): string {
  const column = sort === undefined ? 'key' : sortColumn(kind, sort.field)!;
  return column === 'key' && sort !== undefined && host === undefined && asksTime(query) ? 'made_ms' : column;
}

function asksTime({ created_after_ms, created_before_ms }: Partial<ListQuery>): boolean {
  return created_after_ms !== undefined || created_before_ms !== undefined;
}

/** A range of the index that a list is in order of. */
interface Part {
  readonly conditions: readonly Condition[];
  /** What of the order is left to tell its rows apart. */
  readonly order: readonly string[];
}

/** What follows a place: rows that are equal to it in what they are sorted by, then the others. */
function partsAfter({ key, column }: Source, { sort, after }: ListQuery): [Part, ...Part[]] {
  const isByKey = column === key;
  const order = isByKey ? [key] : [column, key];
  if (after === undefined) return [{ conditions: [], order }];
  const beyond = sort?.descending === true ? '<' : '>';
  const [at, value] = after;
  const later: Condition = [`${key} ${beyond} ?`, at];
  if (isByKey || value === undefined) return [{ conditions: [later], order }];
  return [
    { conditions: [[`${column} = ?`, value], later], order: [key] },
    { conditions: [[`${column} ${beyond} ?`, value]], order },
  ];
}

function conditionsOf({ kind, host, filters, created_after_ms, created_before_ms }: ListQuery): Condition[] {
  // Numbers go as text: a column of integers takes them for what they are, a column of text would read 42.0.
  return [
    ...(host === undefined ? [] : [[`r.${hostColumn(kind)} = ${keyOfHost()}`, host] as const]),
    ...Object.entries(filters).map(
      ([field, value]): Condition => [isEqual(kind, field, host !== undefined), String(value)],
    ),
    ...(created_after_ms === undefined ? [] : [['r.made_ms > ?', created_after_ms] as const]),
    ...(created_before_ms === undefined ? [] : [['r.made_ms < ?', created_before_ms] as const]),
  ];
}

function isEqual(kind: Kind, field: string, isOfOneHost: boolean): string {
  if (isOfHost(kind, field)) return `r.host IN (SELECT h.key FROM hosts AS h WHERE h."${field}" = ?)`;
  const uses = tableOfUse(kind, field);
  // SQLite takes no index for what is asked to be true, and the column still says what a value is.
  if (uses === null)
    return isOfOneHost && !isRangeWithinHost(kind, field) ? `(r."${field}" = ?) IS TRUE` : `r."${field}" = ?`;
  const isItsOwn = 'u.host = r.host AND u.dax_device = r.dax_device AND u.pid = r.pid';
  return `EXISTS (SELECT 1 FROM ${uses} AS u WHERE u.id = ? AND ${isItsOwn})`;
}

/**
 * Prepares telling whether a page is one range of an index, and so costs what it shows. Every other one reads all rows
 * that the index leaves, up to all of the kind: of two filters, of a filter and a sort or a time, of labels and
 * anything else, of labels that are not the kind's own, or of a filter that has no index within a host.
 */
export function prepareIsRange(db: Pick<Connection, 'prepare'>): (query: ListQuery) => boolean {
  const columns = db.prepare<[string], string>(
    `SELECT group_concat(c.name, ' ') FROM pragma_index_list(?) AS i, pragma_index_xinfo(i.name) AS c
     WHERE c.key = 1 AND i.partial = 0 GROUP BY i.name`,
  );
  const indexes = new Map(
    KINDS.map(
      (kind) =>
        [
          kind,
          columns
            .pluck()
            .all(kind)
            .map((names) => names.split(' ')),
        ] as const,
    ),
  );
  return (query) => {
    const { kind, host, filters, labels = [] } = query;
    const equal = [...(host === undefined ? [] : [hostColumn(kind)]), ...Object.keys(filters)];
    const column = orderOf(query);
    const isTimeLeft = asksTime(query) && column !== 'made_ms';
    if (labels.length > 0)
      return hasLabels(kind) && column === 'key' && !isTimeLeft && labels.length + equal.length === 1;
    if (isTimeLeft) return false;
    const ordered = column === 'key' ? [] : [column];
    return [[], ['key'], ...(indexes.get(kind) ?? [])].some(
      (index) =>
        index.length === equal.length + ordered.length &&
        equal.every((field) => index.indexOf(field) < equal.length && index.includes(field)) &&
        ordered.every((field) => index.at(-1) === field),
    );
  };
}
