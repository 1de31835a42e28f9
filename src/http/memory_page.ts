import { refuse } from '../engine/refusal.ts';
import type { Backend } from './backend.ts';
import { RefusalProblem } from './problem.ts';
import { LIMIT_DEFAULT } from './schemas/page.ts';

interface Query {
  readonly limit?: number;
  readonly page_token?: string;
}

/** One page of rows that are in memory already and only ever grow at their end. */
export async function slicePage<T>(backend: Backend, rows: readonly T[], query: Query) {
  return pageFrom(backend, query, async (start, limit) => ({
    items: rows.slice(start, start + limit),
    total: rows.length,
  }));
}

/** One page of rows that are counted from 0 and made as they are asked for. */
export async function pageFrom<T>(
  backend: Backend,
  query: Query,
  load: (start: number, limit: number) => Promise<{ readonly items: readonly T[]; readonly total: number }>,
) {
  const start = query.page_token === undefined ? 0 : startOf(query.page_token);
  const limit = query.limit ?? LIMIT_DEFAULT;
  const { items, total } = await load(start, limit);
  const end = start + limit;
  const next_page = end < total ? Buffer.from(`row ${String(end)}`).toString('base64url') : null;
  return { items, next_page, as_of: await lastSeq(backend) };
}

function startOf(page_token: string): number {
  const [, row] = /^row ([0-9]{1,9})$/.exec(Buffer.from(page_token, 'base64url').toString()) ?? [];
  if (row !== undefined) return Number(row);
  throw new RefusalProblem(
    refuse('invalid_field', 'page_token is not one of ours', { pointer: '/page_token' }),
  );
}

async function lastSeq(backend: Backend): Promise<number> {
  const { as_of } = await backend.events({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
  return as_of;
}
