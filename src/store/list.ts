import { refuse, type Refusal } from '../engine/model/refusal.ts';
import type { Statement } from './connection.ts';
import type { ListQuery, Page, Place, Sort } from './port.ts';
import { hasLabels, isFilter, sortColumn } from './tables.ts';

type Value = string | number;
/** Prepares a statement, or has it prepared already. */
export type Prepare = (sql: string) => Statement<Value[]>;

/** A condition in SQL, and what its question marks stand for. */
type Condition = readonly [sql: string, ...values: Value[]];

interface Row {
  readonly key: number;
  readonly record: string;
  readonly value: Value;
}

/**
 * The rows of one page. Keyset paging: a page begins where the last one ended, in the index that the list is in order
 * of, and never counts rows off. Refused with `invalid_field` where a filter, label or sort is none of the kind's.
 */
export function listRows(prepare: Prepare, query: ListQuery): Omit<Page, 'as_of'> | Refusal {
  const refused = refusesQuery(query);
  if (refused !== null) return refused;
  const { kind, limit, after, sort = null } = query;
  const column = sort === null ? 'key' : sortColumn(kind, sort.field)!;
  const select = (part: Part, rows: number): Row[] => {
    const conditions = [...part.conditions, ...conditionsOf(query)];
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
    const direction = sort?.descending === true ? ' DESC' : '';
    const order = part.order.map((by) => by + direction).join(', ');
    const sql = `SELECT key, record, ${column} AS value FROM ${kind}${where} ORDER BY ${order} LIMIT ?`;
    return prepare(sql).all(...conditions.flatMap(([, ...values]) => values), rows) as Row[];
  };
  const rows: Row[] = [];
  for (const part of partsAfter(column, sort, after)) {
    if (rows.length <= limit) rows.push(...select(part, limit + 1 - rows.length));
  }
  const last = rows.length > limit ? rows[limit - 1]! : null;
  return {
    items: rows.slice(0, limit).map(({ record }) => record),
    last: last === null ? null : sort === null ? [last.key] : [last.key, last.value],
  };
}

function refusesQuery({ kind, filters, labels = [], sort }: ListQuery): Refusal | null {
  const unknown = Object.keys(filters).find((field) => !isFilter(kind, field));
  if (unknown !== undefined) return refusesField(unknown, `${kind} are not filtered by ${unknown}`);
  if (labels.length > 0 && !hasLabels(kind)) return refusesField('label', `${kind} have no labels`);
  if (sort === undefined || sortColumn(kind, sort.field) !== null) return null;
  return refusesField('sort', `${kind} are not sorted by ${sort.field}`);
}

function refusesField(parameter: string, detail: string): Refusal {
  return refuse('invalid_field', detail, { pointer: `/${parameter}` });
}

/** A range of the index that a list is in order of. */
interface Part {
  readonly conditions: readonly Condition[];
  /** What of the order is left to tell its rows apart. */
  readonly order: readonly string[];
}

/** What follows a place: rows that are equal to it in what they are sorted by, then the others. */
function partsAfter(column: string, sort: Sort | null, after: Place | undefined): Part[] {
  const order = sort === null ? ['key'] : [column, 'key'];
  if (after === undefined) return [{ conditions: [], order }];
  const [key, value] = after;
  const beyond = sort?.descending === true ? '<' : '>';
  const later: Condition = [`key ${beyond} ?`, key];
  if (value === undefined) return [{ conditions: [later], order }];
  return [
    { conditions: [[`${column} = ?`, value], later], order: ['key'] },
    { conditions: [[`${column} ${beyond} ?`, value]], order },
  ];
}

function conditionsOf(query: ListQuery): Condition[] {
  const { kind, host, filters, labels = [], created_after_ms, created_before_ms } = query;
  // Numbers go as text: a column of integers takes them for what they are, a column of text would read 42.0.
  const equal: (readonly [string, string | number])[] = Object.entries({
    ...(host === undefined ? {} : { host }),
    ...filters,
  });
  return [
    ...equal.map(([field, value]): Condition => [`"${field}" = ?`, String(value)]),
    ...labels.map((label): Condition => {
      const labelled = `SELECT key FROM labels WHERE kind = '${kind}' AND name = ? AND value = ?`;
      return [`key IN (${labelled})`, ...label];
    }),
    ...(created_after_ms === undefined ? [] : [['uid > ?', `${uidTime(created_after_ms)}-8`] as const]),
    ...(created_before_ms === undefined ? [] : [['uid < ?', `${uidTime(created_before_ms)}-7`] as const]),
  ];
}

/** The part of a UUIDv7 that is its time; `-7…` follows it. */
function uidTime(milliseconds: number): string {
  const hex = milliseconds.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
