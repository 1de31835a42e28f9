import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpProblem } from './problem.ts';

const RETRY_AFTER_SECONDS = '1';

/** How each request that is worked on is no longer counted. */
const inWork = new WeakMap<FastifyRequest, () => void>();

/**
 * Answers `unavailable` while as many requests as that are worked on: their bodies have come, their answers are not
 * made. A count is the same on a slow machine and a fast one; a delay of the event loop also says that nobody let
 * this process run. Health and metrics are always answered: they are not counted against a rate either.
 */
export function boundWork(app: FastifyInstance, max: number): void {
  let working = 0;
  app.addHook('preHandler', async (request) => {
    if (request.routeOptions.config.rateLimit === false) return;
    if (working >= max) {
      throw new HttpProblem(
        'unavailable',
        `the service is overloaded: ${String(max)} requests are in progress`,
        {
          headers: { 'retry-after': RETRY_AFTER_SECONDS },
        },
      );
    }
    working += 1;
    inWork.set(request, () => {
      inWork.delete(request);
      working -= 1;
    });
  });
  app.addHook('onSend', async (request) => rest(request));
  // A client that left is sent nothing.
  app.addHook('onResponse', async (request) => rest(request));
}

/** From here on a request waits and costs nothing, or is answered. */
export function rest(request: FastifyRequest): void {
  inWork.get(request)?.();
}
