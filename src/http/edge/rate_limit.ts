import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { countedAs } from './counted_as.ts';
import { HttpProblem } from '../problem.ts';
import type { Tokens } from './tokens.ts';

const WINDOW_SECONDS = 60;

/**
 * At most as many requests a minute of each address, or of each token where there are some: who presents none that is
 * known counts by its address. Every counted answer tells what is left, by the fields of
 * draft-ietf-httpapi-ratelimit-headers; one more is `rate_limited`, with Retry-After. Health and metrics are not counted.
 */
export async function limitRate(app: FastifyInstance, max: number, tokens: Tokens | null): Promise<void> {
  // The fields of the plugin are those of an older draft, three of them: its counter alone is used.
  await app.register(rateLimit, { global: false, max, timeWindow: WINDOW_SECONDS * 1_000 });
  const count = app.createRateLimit({
    keyGenerator: (request) => {
      if (tokens !== null) findToken(request, tokens);
      return countedAs(request);
    },
  });
  const policy = `"default";q=${String(max)};w=${String(WINDOW_SECONDS)}`;
  app.addHook('onRoute', (route) => {
    if (route.config?.rateLimit === false) return;
    route.onRequest = [
      ...[route.onRequest ?? []].flat(),
      async (request, reply) => {
        const counted = await count(request);
        if (counted.isAllowed) return;
        const { remaining, ttlInSeconds, isExceeded } = counted;
        reply.header('ratelimit-policy', policy);
        reply.header('ratelimit', `"default";r=${String(remaining)};t=${String(ttlInSeconds)}`);
        if (isExceeded) throw rateLimited(max, ttlInSeconds);
      },
    ];
  });
}

/** Notes which token is presented; who asks for it later is not looked up again. */
function findToken(request: FastifyRequest, tokens: Tokens): void {
  const [, presented] = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  request.token = presented === undefined ? null : tokens.find(presented);
}

function rateLimited(max: number, seconds: number): HttpProblem {
  return new HttpProblem(
    'rate_limited',
    `more than ${String(max)} requests in a minute from this address, or with this token`,
    { headers: { 'retry-after': String(seconds) } },
  );
}
