import type { Kind } from '../engine/model/host.ts';
import { refuse, type Refusal } from '../engine/model/refusal.ts';
import type { Connection, Statement } from './connection.ts';
import { isWithoutExtents } from './extent_chunks.ts';
import { keyOfHost } from './host_key.ts';
import type { ListQuery, Page, Place, Seen } from './port.ts';
import {
  hasLabels,
  hostColumn,
  isFilter,
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
 * The rows of one page. Keyset paging: a page begins where the last one ended, in the index that the list is in order
 * of, and never counts rows off. Refused with `invalid_field` where a filter or sort is none of the kind's.
 */
export function listRows(prepare: Prepare, query: ListQuery): Omit<Page, keyof Seen> | Refusal {
  const refused = refusesQuery(query);
  if (refused !== null) return refused;
  const { limit } = query;
  const source = sourceOf(query);
  const rows: string[] = [];
  for (const part of partsAfter(source, query)) {
    if (rows.length <= limit) rows.push(...select(prepare, query, source, part, limit + 1 - rows.length));
  }
  const shown = rows.length > limit ? rows.slice(0, limit) : rows;
  return {
    items: shown.map((row) => wholeText(prepare, query.kind, row)),
    last: rows.length > limit ? placeOf(rows[limit - 1]!) : null,
  };
}

/** Of a bare `?` SQLite asks how much it is when it plans, and plans anew each time that it is bound. */
const LIMIT = '? + 0';

/** What stands before the place in a row's text: JSON has none. */
const LINE_FEED = '\n';

function recordOf(row: string): string {
  return row.slice(0, row.lastIndexOf(LINE_FEED));
}

function placeOf(row: string): Place {
  return JSON.parse(row.slice(row.lastIndexOf(LINE_FEED))) as Place;
}

/** A text a row, the record with its place behind it: to make an object of each costs more than to read it. */
function select(prepare: Prepare, query: ListQuery, source: Source, part: Part, rows: number): string[] {
  const conditions = [...part.conditions, ...source.conditions, ...conditionsOf(query)];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
  const direction = query.sort?.descending === true ? ' DESC' : '';
  const order = part.order.map((by) => by + direction).join(', ');
  const place = query.sort === undefined ? "'[' || r.key || ']'" : `json_array(r.key, ${source.column})`;
  const record = query.kind === 'files' ? 'r.record' : wholeRecord(query.kind, 'r');
  const sql = `SELECT ${record} || char(10) || ${place} FROM ${source.from}${where} ORDER BY ${order} LIMIT ${LIMIT}`;
  const values = conditions.flatMap(([, ...each]) => each);
  return prepare(sql)
    .pluck()
    .all(...values, rows) as string[];
}

/** The record of a row: put together for the rows of the page alone, not for all that are sorted. */
function wholeText(prepare: Prepare, kind: Kind, row: string): string {
  const record = recordOf(row);
  if (!isWithoutExtents(kind, record)) return record;
  const [key] = placeOf(row);
  return prepare(`SELECT ${wholeRecord(kind)} FROM ${kind} WHERE key = ?`)
    .pluck()
    .get(key) as string;
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
function partsAfter({ key, column }: Source, { sort, after }: ListQuery): Part[] {
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
