import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import rateLimit from '@fastify/rate-limit';
import helmet from 'helmet';
import { HttpProblem } from './problem.ts';
import { boundWork } from './work.ts';

/** Bounds that keep one client, or too much work, from starving the rest; absent means off. */
export interface Limits {
  /** Requests of one address a minute. */
  readonly requests_per_minute?: number;
  /** Requests that are worked on at a time; those that only wait for a removal are not counted. */
  readonly requests_in_work?: number;
}

/** Header fields that make a browser careful, on every answer. */
export const CAREFUL_HEADERS = carefulHeaders();

/** On every answer, with the id of its request. */
export function sendCarefulHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(CAREFUL_HEADERS).header('x-request-id', request.id);
    done();
  });
}

export async function limitRequests(app: FastifyInstance, limits: Limits): Promise<void> {
  if (limits.requests_per_minute !== undefined) {
    await app.register(rateLimit, {
      max: limits.requests_per_minute,
      timeWindow: 60_000,
      errorResponseBuilder: (_request, context) =>
        new HttpProblem(
          'rate_limited',
          `more than ${String(context.max)} requests in a minute from this address`,
        ),
    });
  }
  if (limits.requests_in_work !== undefined) boundWork(app, limits.requests_in_work);
}

/** Helmet's, asked once: they are the same for every answer. The explorer's page runs its own scripts only. */
function carefulHeaders(): Readonly<Record<string, string>> {
  const careful = helmet({
    // Plain HTTP is served here: whoever puts TLS in front sets HSTS there.
    strictTransportSecurity: false,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        styleSrc: ["'self'", "'unsafe-inline'"],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
  });
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  careful(request, response, (error) => {
    if (error !== undefined) throw new Error('helmet has no headers', { cause: error });
  });
  return response.getHeaders() as Record<string, string>;
}
