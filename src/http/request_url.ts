import { matches } from './not_found.ts';
import { pathOf } from './path_of.ts';
import { pointerOf } from './pointer.ts';
import { HttpProblem } from './problem.ts';

/** Characters of a path's segment, as it is sent: the longest name here has 63, an id 64, a file's name in a folder 255. */
export const SEGMENT_LENGTH_MAX = 255;

/**
 * Refuses what names nothing anywhere and confuses who reads on. Throws `uri_too_long` for a long segment,
 * `malformed_request` as urlProblem(); `patterns` are the paths of the routes.
 */
export function checkUrl(url: string, patterns: Iterable<string>): void {
  if (url.length <= SEGMENT_LENGTH_MAX && !url.includes('%') && !url.includes('\0')) return;
  if (
    pathOf({ url })
      .split('/')
      .some((segment) => segment.length > SEGMENT_LENGTH_MAX)
  ) {
    throw new HttpProblem(
      'uri_too_long',
      `a segment of the path has more than ${String(SEGMENT_LENGTH_MAX)} characters`,
    );
  }
  const problem = urlProblem(url, patterns);
  if (problem !== null) throw problem;
}

/**
 * `malformed_request` for NUL, and for what is not percent-encoded UTF-8 (of a path the router refuses that, before it
 * knows a route): `errors` names the parameter, a segment that is none and a name that cannot be decoded as they are sent.
 */
export function urlProblem(url: string, patterns: Iterable<string>): HttpProblem | null {
  const path = pathOf({ url }).split('/');
  const at = path.findIndex((segment) => faultOf(segment) !== null);
  if (at !== -1) {
    const name = parameterAt(path, at, patterns);
    const [kind, of] = name === null ? ['path', path[at]!] : ['path parameter', name];
    return problemOf(of, `${kind}: ${faultOf(path[at]!)!}`);
  }
  const query = url.slice(path.join('/').length + 1).split('&');
  const parameter = query.find((each) => faultOf(each) !== null);
  if (parameter === undefined) return null;
  const name = parameter.split('=', 1)[0]!;
  const said = faultOf(name) === null ? decodeURIComponent(name) : name;
  return problemOf(said, `query parameter: ${faultOf(parameter)!}`);
}

function problemOf(name: string, detail: string): HttpProblem {
  const pointer = pointerOf([name]);
  return new HttpProblem('malformed_request', `${pointer}: ${detail}`, { errors: [{ pointer, detail }] });
}

/** The name of the parameter that a segment of the path is; null where it is none. */
function parameterAt(path: readonly string[], at: number, patterns: Iterable<string>): string | null {
  const wanted = [...patterns].filter((pattern) => matches(pattern, path.join('/')));
  const there = wanted.map((pattern) => pattern.split('/')[at]!);
  return there.find((segment) => segment.startsWith(':'))?.slice(1) ?? null;
}

function faultOf(text: string): string | null {
  if (text.includes('%00') || text.includes('\0')) return 'contains a NUL character';
  return isDecodable(text) ? null : 'is not percent-encoded UTF-8';
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
