import type { FastifyRequest } from 'fastify';
import type { Submission } from './backend.ts';
import { traceparentOf } from './tracing.ts';

type Origin = NonNullable<Submission['origin']>;
type Asked = Pick<FastifyRequest, 'id' | 'headers' | 'ip' | 'token'>;

/** For whom a request asks, as the events that come of it tell: where it is traced, in its own span. */
export function originOf(request: Asked): Origin {
  return {
    request_id: request.id,
    traceparent: traceparentOf(request) ?? traceparentIn(request.headers['traceparent']),
    actor: actorOf(request),
  };
}

/** Who asks: the place of the token among those of the file, from 1, and the address while that is known. */
function actorOf({ ip, token = null }: Pick<FastifyRequest, 'ip' | 'token'>): string {
  const name = token === null ? 'anonymous' : `token-${String(token + 1)}`;
  // Of a client that has left already there is no address, whatever the type says.
  const address = (ip as string | undefined)?.replace(/^::ffff:(?=[0-9.]+$)/, '');
  return address === undefined || address === '' ? name : `${name}@${address}`;
}

const TRACEPARENT =
  /^(?<version>[0-9a-f]{2})-(?<trace>[0-9a-f]{32})-(?<parent>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?<more>-.*)?$/;
const SAMPLED = 1;

/**
 * A trace context that is well-formed; any other is ignored. One of a later version is read as version 00, which is what
 * is known of it. Source: W3C Trace Context, 3.2 and 4.3.
 */
function traceparentIn(header: unknown): string | null {
  if (typeof header !== 'string') return null;
  const { version, trace, parent, flags, more } = TRACEPARENT.exec(header)?.groups ?? {};
  if (version === undefined || version === 'ff' || /^0+$/.test(trace!) || /^0+$/.test(parent!)) return null;
  if (version === '00') return more === undefined ? header : null;
  const known = Number.parseInt(flags!, 16) & SAMPLED;
  return `00-${trace!}-${parent!}-0${String(known)}`;
}
