import type { Kind } from '../engine/model/host.ts';

/** What has pages: a kind's records, or what is told of them. */
type Listed = Kind | 'assessment';

/** Names the last row of a page; opaque to whoever gets it. */
export function renderPageToken(kind: Listed, key: number): string {
  return Buffer.from(JSON.stringify([kind, key])).toString('base64url');
}

/** The row after which the next page begins, or null for a token that no page of this kind gave. */
export function parsePageToken(kind: Listed, token: string): number | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  const key: unknown = Array.isArray(parsed) ? parsed[1] : undefined;
  if (typeof key !== 'number' || !Number.isSafeInteger(key) || key < 0) return null;
  return renderPageToken(kind, key) === token ? key : null;
}
