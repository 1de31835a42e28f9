import type { Backend } from './backend.ts';
import { renderPageToken, rowBefore } from './page_token.ts';
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
  const { items, last } = await load(rowBefore(list, query.page_token) ?? -1, query.limit ?? LIMIT_DEFAULT);
  return { items, next_page: renderPageToken(list, last), as_of: await lastSeq(backend) };
}

async function lastSeq(backend: Backend): Promise<number> {
  const { as_of } = await backend.events({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
  return as_of;
}
