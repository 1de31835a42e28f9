import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';
import type { FastifyHttpOptions, FastifyInstance, RequestPayload } from 'fastify';
import { HttpProblem } from '../problem.ts';

/** What a client may hold, and for how long. */
export interface Connections {
  /** Connections at a time; one more is closed as it comes. */
  readonly connections: number;
  /** Until the header fields have come. */
  readonly headers_ms: number;
  /** Until the whole request has come. */
  readonly request_ms: number;
  /** Between two requests. */
  readonly keep_alive_ms: number;
  /** Without a byte in either direction: more than the longest `Prefer: wait`. */
  readonly idle_ms: number;
  /** How often the above are looked at. */
  readonly check_ms: number;
  /** Bytes of bodies that have not come whole, of all connections. */
  readonly body_bytes: number;
  /** What a closing server gives requests to come, and answers to be read. */
  readonly drain_ms: number;
}

export const CONNECTIONS: Connections = {
  connections: 2_000,
  headers_ms: 10_000,
  request_ms: 30_000,
  keep_alive_ms: 30_000,
  idle_ms: 90_000,
  check_ms: 2_000,
  body_bytes: 64 * 2 ** 20,
  drain_ms: 5_000,
};

/** The time limits as Fastify and Node take them. */
export function timeLimits(limits: Connections) {
  return {
    requestTimeout: limits.request_ms,
    keepAliveTimeout: limits.keep_alive_ms,
    connectionTimeout: limits.idle_ms,
    http: {
      headersTimeout: limits.headers_ms,
      requestTimeout: limits.request_ms,
      connectionsCheckingInterval: limits.check_ms,
    },
  } satisfies FastifyHttpOptions<Server>;
}

/** Holds connections to their limits; a client that is slow gets no more of them than others and no drain waits for it. */
export function limitConnections(app: FastifyInstance, limits: Connections): void {
  app.server.maxConnections = limits.connections;
  boundBodies(app, limits.body_bytes);
  let isClosing = false;
  // Of requests that came before it closed; those that come now Fastify sends away.
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) reply.header('connection', 'close');
    done(null, payload);
  });
  // Node no longer looks at its time limits once a server closes.
  app.addHook('preClose', (done) => {
    isClosing = true;
    const cut = setTimeout(() => app.server.closeAllConnections(), limits.drain_ms);
    app.server.once('close', () => clearTimeout(cut));
    cut.unref();
    done();
  });
}

/** Counts what has come, not what was announced: an announcement holds no memory. */
function boundBodies(app: FastifyInstance, max: number): void {
  let held = 0;
  // Not async: the parser must listen before the first byte flows.
  app.addHook('preParsing', (request, _reply, payload, done) => {
    if (announcesBody(request.headers)) boundBody(request.raw, payload);
    done(null, payload);
  });
  const boundBody = (request: IncomingMessage, payload: RequestPayload): void => {
    let taken = 0;
    const count = (chunk: Buffer): void => {
      // Whoever reads a body listens for its errors; what nobody reads (of a GET, of a type that is refused) is not held.
      if (payload.listenerCount('error') === 0) return;
      taken += chunk.length;
      held += chunk.length;
      if (held <= max) return;
      payload.removeListener('data', count);
      const detail = `the bodies of the requests under way have more than ${String(max)} bytes`;
      // The parser listens for it, answers and closes; destroying the payload would cut the answer off.
      payload.emit('error', new HttpProblem('unavailable', detail, { headers: { 'retry-after': '1' } }));
    };
    payload.on('data', count);
    request.once('close', () => {
      held -= taken;
    });
  };
}

/** RFC 9112, 6: whoever sends neither field sends no body. */
function announcesBody(headers: IncomingHttpHeaders): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}
