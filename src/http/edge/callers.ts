import { isIPv4 } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { headerProblem, type HttpProblem } from '../problem.ts';

/** Who may ask. */
export interface Callers {
  /** The address that is listened on, as it is configured. */
  readonly host: string;
  /** Further names by which the service may be called, and whose pages may call it. */
  readonly allowed: readonly string[];
  /** Origins whose pages may call it as its own may: `https://dash.example`, as browsers write them. */
  readonly origins?: readonly string[];
}

/**
 * A page of another origin cannot send one of these, nor JSON, unless the browser asks first, and here the answer is
 * no.
 */
const DELIBERATE_HEADERS = ['x-requested-with', 'idempotency-key', 'if-match', 'prefer'] as const;

/**
 * Keeps web pages from asking behind a user's back. On the loopback every Host must be a known name: a page whose
 * name was rebound to 127.0.0.1 sends its own. An Origin must be configured, a known name or the host that was asked. A POST
 * without a body must carry a header that a page cannot send everywhere.
 */
export function checkCallers(app: FastifyInstance, { host, allowed, origins = [] }: Callers): void {
  const configured = new Set(origins);
  const known = new Set([host, ...allowed].map(normal));
  const isLocal = isLoopback(host);
  // On another address the names by which it is reached are not known, unless configured.
  const isHostChecked = isLocal || allowed.length > 0;
  const isServed = rememberOne((authority) => {
    const asked = nameOf(authority);
    return isLoopback(asked) || known.has(asked);
  });
  app.addHook('onRequest', ({ headers }, _reply, done) => {
    if (isHostChecked && headers.host !== undefined && !isServed(headers.host)) {
      const detail = `${headers.host} is not served here: DAXPLANE_ALLOWED_HOSTS takes further names`;
      throw headerProblem('host_not_allowed', 'Host', detail);
    }
    const { origin } = headers;
    if (origin !== undefined && !configured.has(origin)) checkOrigin(origin, headers.host);
    done();
  });
  const checkOrigin = (origin: string, host: string | undefined): void => {
    const authority = /^https?:\/\/(.+)$/.exec(origin)?.[1] ?? null;
    const page = authority === null ? null : nameOf(authority);
    const isOwn = authority === host || (isLocal && page !== null && isLoopback(page));
    if (page === null || !(isOwn || known.has(page))) {
      const detail = `pages of ${origin} may not call this service: DAXPLANE_CORS_ORIGINS takes origins`;
      throw headerProblem('origin_not_allowed', 'Origin', detail);
    }
  };
  // After validation: where a body is needed, its lack is the telling fault.
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.method === 'POST' && !request.is404 && !isDeliberate(request)) throw notDeliberate(request);
    done();
  });
}

function notDeliberate({ headers }: FastifyRequest): HttpProblem {
  const needs = `Content-Type: application/json, or one of ${DELIBERATE_HEADERS.join(', ')}: a web page of another origin can send neither`;
  const type = headers['content-type'];
  const what = type === undefined ? 'a POST without a body' : `a POST of ${type} from a web page`;
  return headerProblem('deliberate_header_required', 'Content-Type', `${what} needs ${needs}`);
}

/** The answer to the last question is known where it is asked again: most clients call a server by one name. */
function rememberOne(answer: (question: string) => boolean): (question: string) => boolean {
  let last: string | null = null;
  let answered = false;
  return (question) => {
    if (question !== last) {
      answered = answer(question);
      last = question;
    }
    return answered;
  };
}

/** Whether a name or address, as configured or from a Host header, is the loopback's. */
function isLoopback(host: string): boolean {
  const name = normal(host);
  return name === 'localhost' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'));
}

/**
 * A text can come from a form: it passes only where no browser sent it, for browsers name their origin. It may be
 * empty, as is what the tools print where nothing matches; that it is a text is said by its type.
 */
function isDeliberate({ headers }: FastifyRequest): boolean {
  if (headers['content-type']?.toLowerCase().startsWith('application/json') === true) return true;
  if (DELIBERATE_HEADERS.some((name) => headers[name] !== undefined)) return true;
  const isText = headers['content-type'] !== undefined;
  return isText && headers.origin === undefined && headers['sec-fetch-site'] === undefined;
}

/** Of `name:port`; what is neither is itself, and known to nobody. */
function nameOf(authority: string): string {
  const [, name] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d*)?$/i.exec(authority) ?? [];
  return normal(name ?? authority);
}

/** Lower case, without the dot of the root, IPv6 in brackets. */
function normal(name: string): string {
  const lower = name.toLowerCase().replace(/\.$/, '');
  return lower.includes(':') && !lower.startsWith('[') ? `[${lower}]` : lower;
}
