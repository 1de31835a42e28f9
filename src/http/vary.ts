import type { FastifyReply } from 'fastify';

/** Names a request field that the answer depends on, beside those that are named already. */
export function varyBy(reply: FastifyReply, field: string): void {
  const named = reply.getHeader('vary');
  reply.header('vary', named === undefined ? field : `${String(named)}, ${field}`);
}
