import type { FastifyInstance } from 'fastify';
import { limitRate } from './rate_limit.ts';
import type { Tokens } from './tokens.ts';
import { boundWork } from './work.ts';

/** Bounds that keep one client, or too much work, from starving the rest; absent means off. */
export interface Limits {
  /** Requests of one address, or with one token, a minute. */
  readonly requests_per_minute?: number;
  /** Requests that are worked on at a time; those that only wait for a removal are not counted. */
  readonly requests_in_work?: number;
}

export async function limitRequests(
  app: FastifyInstance,
  limits: Limits,
  tokens: Tokens | null,
): Promise<void> {
  if (limits.requests_per_minute !== undefined) await limitRate(app, limits.requests_per_minute, tokens);
  if (limits.requests_in_work !== undefined) boundWork(app, limits.requests_in_work);
}
