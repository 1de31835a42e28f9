import { refuse } from '../engine/model/refusal.ts';
import { RefusalProblem } from './problem.ts';

/** Names the last row of a page of a list; opaque to whoever gets it. Null where nothing follows: `last` is null. */
export function renderPageToken(list: string, last: number | null): string | null {
  return last === null ? null : Buffer.from(JSON.stringify([list, last])).toString('base64url');
}

/** The row after which the next page of a list begins, by a token or by none; throws for one that no page of it gave. */
export function rowBefore(list: string, token: string | undefined): number | undefined {
  if (token === undefined) return undefined;
  const key = keyIn(token);
  if (key !== null && renderPageToken(list, key) === token) return key;
  throw new RefusalProblem(
    refuse('invalid_field', 'the page token belongs to no page of this list', { pointer: '/page_token' }),
  );
}

function keyIn(token: string): number | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  const key: unknown = Array.isArray(parsed) ? parsed[1] : undefined;
  return typeof key === 'number' && Number.isSafeInteger(key) && key >= 0 ? key : null;
}
