import { HttpProblem } from './problem.ts';

/** Characters of a path's segment, as it is sent: the longest name here has 63, an id 64, a file's name in a folder 255. */
export const SEGMENT_LENGTH_MAX = 255;

/**
 * Refuses what names nothing anywhere and confuses who reads on. Throws `uri_too_long` for a long segment,
 * `malformed_request` for NUL and for a query that is not percent-encoded UTF-8 (the router refuses such a path).
 */
export function checkUrl(url: string): void {
  const at = url.indexOf('?');
  const path = at === -1 ? url : url.slice(0, at);
  if (path.split('/').some((segment) => segment.length > SEGMENT_LENGTH_MAX)) {
    throw new HttpProblem(
      'uri_too_long',
      `a segment of the path has more than ${String(SEGMENT_LENGTH_MAX)} characters`,
    );
  }
  if (url.includes('%00') || url.includes('\0'))
    throw new HttpProblem('malformed_request', 'the URL contains a NUL character');
  if (at !== -1 && !isDecodable(url.slice(at))) {
    throw new HttpProblem('malformed_request', 'the query is not percent-encoded UTF-8');
  }
}

function isDecodable(text: string): boolean {
  if (!text.includes('%')) return true;
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
