import type { FastifyInstance } from 'fastify';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import { HttpProblem } from './problem.ts';

/** Bounds that keep one client, or too much work, from starving the rest; absent means off. */
export interface Limits {
  /** Requests of one address a minute. */
  readonly requests_per_minute?: number;
  /** Above this delay of the event loop requests get 503. */
  readonly event_loop_delay_max_ms?: number;
}

/** Header fields that make a browser careful, and the limits. The explorer's page runs its own scripts only. */
export async function secure(app: FastifyInstance, limits: Limits): Promise<void> {
  await app.register(helmet, {
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
  if (limits.event_loop_delay_max_ms !== undefined) {
    await app.register(underPressure, {
      maxEventLoopDelay: limits.event_loop_delay_max_ms,
      exposeStatusRoute: false,
    });
  }
}
