import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** What pages may send; X-Requested-With makes a POST without a body deliberate. */
const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'Prefer',
  'traceparent',
  'X-Request-Id',
  'X-Requested-With',
];
/** What pages may read beside the fields that they always may. */
export const EXPOSED_HEADERS = [
  'Allow',
  'Dry-Run',
  'ETag',
  'Fault-Rule',
  'Idempotency-Replayed',
  'Listing-Blocked-By',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
];
/** Browsers keep the answer to a preflight no longer. */
const MAX_AGE_SECONDS = 7_200;

/**
 * Lets pages of these origins read answers, problems among them, and answers their preflights; checkCallers() has
 * refused others. Without cookies: a token is sent by the page itself. The Cross-Origin-Resource-Policy stays, for it is
 * about what pages embed without asking.
 */
export async function answerOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  // An OPTIONS that is no preflight is answered as where no origin is configured: the plugin would have it plain text.
  app.addHook('onRequest', (request, reply, done) => {
    const { method, headers } = request;
    const isPreflight =
      headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
    if (method === 'OPTIONS' && !isPreflight) reply.callNotFound();
    else done();
  });
  await app.register(cors, {
    origin: [...origins],
    methods: METHODS,
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: MAX_AGE_SECONDS,
  });
}
