import type { FastifyReply } from 'fastify';

/** Aborted when the connection ends, so that nothing begins, and nothing waits, for a client that has left. */
export function leaving(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  if (reply.raw.destroyed) left.abort();
  else reply.raw.once('close', () => left.abort());
  return left.signal;
}
