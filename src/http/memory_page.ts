import { refuse } from '../engine/model/refusal.ts';
import type { Backend } from './backend.ts';
import { RefusalProblem } from './problem.ts';
import { LIMIT_DEFAULT } from './schemas/page.ts';

interface Query {
  readonly limit?: number;
  readonly page_token?: string;
}

/**
 * One page of rows that are in memory already, in ascending order of their keys: their places, for rows that only
 * ever grow at their end. `list` names the list, and whose it is: no other takes its tokens.
 */
export async function slicePage<T>(
  backend: Backend,
  list: string,
  rows: readonly T[],
  query: Query,
  keyOf: (row: T, place: number) => number = (_row, place) => place,
) {
  return pageFrom(backend, list, query, async (after, limit) => {
    const keys = rows.map(keyOf);
    const start = keys.filter((key) => key <= after).length;
    const end = start + limit;
    return { items: rows.slice(start, end), last: end < rows.length ? keys[end - 1]! : null };
  });
}

/** One page of rows that are made as they are asked for: those after a key; `last` is the page's where more follow. */
export async function pageFrom<T>(
  backend: Backend,
  list: string,
  query: Query,
  load: (
    after: number,
    limit: number,
  ) => Promise<{ readonly items: readonly T[]; readonly last: number | null }>,
) {
  const after = query.page_token === undefined ? -1 : parseToken(list, query.page_token);
  const { items, last } = await load(after, query.limit ?? LIMIT_DEFAULT);
  return {
    items,
    next_page: last === null ? null : renderToken(list, last),
    as_of: await lastSeq(backend),
  };
}

function renderToken(list: string, key: number): string {
  return Buffer.from(`${list} after ${String(key)}`).toString('base64url');
}

function parseToken(list: string, page_token: string): number {
  const [, digits] = / after ([0-9]{1,16})$/.exec(Buffer.from(page_token, 'base64url').toString()) ?? [];
  const key = Number(digits);
  if (Number.isSafeInteger(key) && renderToken(list, key) === page_token) return key;
  throw new RefusalProblem(
    refuse('invalid_field', 'the page token is of no page of this list', { pointer: '/page_token' }),
  );
}

async function lastSeq(backend: Backend): Promise<number> {
  const { as_of } = await backend.events({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
  return as_of;
}
