import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** A UUID but for its last field, which counts the requests. */
const PREFIX_LENGTH = 24;

/** Gives each request the caller's own id where it is harmless in a log, else one that no other request has, in the form of a UUID. */
export function requestIds(): (request: Pick<IncomingMessage, 'headers'>) => string {
  const prefix = randomUUID().slice(0, PREFIX_LENGTH);
  let requests = 0;
  return ({ headers }) => {
    const own = headers['x-request-id'];
    if (typeof own === 'string' && /^[\w.:-]{1,64}$/.test(own)) return own;
    requests += 1;
    return prefix + requests.toString(16).padStart(12, '0');
  };
}

/** On every answer the id of its request. */
export function sendRequestIds(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
}
