import { refuse } from '../engine/model/refusal.ts';
import type { Place } from './backend.ts';
import { RefusalProblem } from './problem.ts';

/**
 * Names the last row of a page of a list, in the order that `list` has in its name; opaque to whoever gets it. Null where
 * nothing follows: `last` is null.
 */
export function renderPageToken(list: string, last: Place | null): string | null {
  return last === null ? null : Buffer.from(JSON.stringify([list, ...last])).toString('base64url');
}

/** The place after which the next page of a list begins, by a token or by none; throws for one that no page of it gave. */
export function placeBefore(list: string, token: string | undefined): Place | undefined {
  if (token === undefined) return undefined;
  const place = placeIn(token);
  if (place !== null && renderPageToken(list, place) === token) return place;
  throw new RefusalProblem(
    refuse('invalid_field', 'the page token belongs to no page of this list in this order', {
      pointer: '/page_token',
    }),
  );
}

/** The same of a list that is not sorted: the key of the row. */
export function rowBefore(list: string, token: string | undefined): number | undefined {
  return placeBefore(list, token)?.[0];
}

function placeIn(token: string): Place | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  const [, key, value] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
  if (typeof key !== 'number' || !Number.isSafeInteger(key) || key < 0) return null;
  if (value === undefined) return [key];
  return typeof value === 'string' || typeof value === 'number' ? [key, value] : null;
}
