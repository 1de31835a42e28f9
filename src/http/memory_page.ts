import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Backend, Seen } from './backend.ts';
import { listSchema } from './list.ts';
import type { Operation } from './operation.ts';
import { renderPageToken, rowBefore } from './page_token.ts';
import { LIMIT_DEFAULT, pageQuery } from './schemas/page.ts';

type PageQuery = z.output<typeof PageQuery>;
const PageQuery = z.strictObject(pageQuery);

/** GET of a list whose rows are made, or found in one record, as they are asked for; `more` stands beside them. */
export interface MadeListRoute<P extends z.ZodObject> extends Operation {
  readonly url: string;
  readonly params?: P;
  readonly item: z.ZodType;
  readonly more?: z.core.$ZodLooseShape;
  /** By slicePage or pageFrom. */
  readonly load: (params: z.output<P>, query: PageQuery) => Promise<MadePage>;
}

/** Rows, and what asks for the next ones. */
interface MadePage {
  readonly items: readonly unknown[];
  readonly next_page: string | null;
}

/** What the rows are of is read before them: who reads events on from there misses none that they do not show. */
export function madeListRoute<P extends z.ZodObject>(
  app: FastifyInstance,
  backend: Backend,
  route: MadeListRoute<P>,
): void {
  app.get(route.url, { schema: listSchema(route, PageQuery, route.params) }, async (request) => {
    const seen = await seenBy(backend);
    const page = await route.load(request.params as z.output<P>, request.query as PageQuery);
    return { ...page, ...seen };
  });
}

/**
 * One page of rows that are in memory already, in ascending order of their keys: their places, for rows that only
 * ever grow at their end. `list` names the list, and whose it is: no other takes its tokens.
 */
export async function slicePage<T>(
  list: string,
  rows: readonly T[],
  query: PageQuery,
  keyOf: (row: T, place: number) => number = (_row, place) => place,
) {
  return pageFrom(list, query, async (after, limit) => {
    const keys = rows.map(keyOf);
    const start = keys.filter((key) => key <= after).length;
    const end = start + limit;
    return { items: rows.slice(start, end), last: end < rows.length ? keys[end - 1]! : null };
  });
}

/** One page of rows that are made as they are asked for: those after a key; `last` is the page's where more follow. */
export async function pageFrom<T>(
  list: string,
  query: PageQuery,
  load: (
    after: number,
    limit: number,
  ) => Promise<{ readonly items: readonly T[]; readonly last: number | null }>,
) {
  const { items, last } = await load(rowBefore(list, query.page_token) ?? -1, query.limit ?? LIMIT_DEFAULT);
  return { items, next_page: renderPageToken(list, last === null ? null : [last]) };
}

async function seenBy(backend: Backend): Promise<Seen> {
  const { as_of, oldest_seq } = await backend.events({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
  return { as_of, oldest_seq };
}
