import { refuse } from '../engine/refusal.ts';
import type { Backend } from './backend.ts';
import { RefusalProblem } from './problem.ts';
import { LIMIT_DEFAULT } from './schemas/page.ts';

/** One page of rows that are in memory already and only ever grow at their end. */
export async function slicePage<T>(
  backend: Backend,
  rows: readonly T[],
  query: { readonly limit?: number; readonly page_token?: string },
) {
  const start = query.page_token === undefined ? 0 : startOf(query.page_token);
  const end = start + (query.limit ?? LIMIT_DEFAULT);
  const next_page = end < rows.length ? Buffer.from(`row ${String(end)}`).toString('base64url') : null;
  return { items: rows.slice(start, end), next_page, as_of: await lastSeq(backend) };
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
