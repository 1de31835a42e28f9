import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpProblem } from '../problem.ts';

const RETRY_AFTER_SECONDS = '1';

/** Requests that are worked on, at one server, and how many may be. */
interface Work {
  requests: number;
  readonly max: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What it is counted in while it is worked on; absent where nobody counts. */
    countedIn?: Work | null;
    /** What it was counted in when it was first worked on. */
    work?: Work | null;
    /** Whether boundWork() leaves it out. */
    isUncounted?: boolean;
  }
}

/**
 * Answers `unavailable` while as many requests as that are worked on: their bodies have come, their answers are not
 * made. A count is the same on a slow machine and a fast one; a delay of the event loop also says that nobody let
 * this process run. Health and metrics are always answered: they are not counted against a rate either.
 */
export function boundWork(app: FastifyInstance, max: number): void {
  const work: Work = { requests: 0, max };
  app.decorateRequest('countedIn', null);
  app.decorateRequest('work', null);
  app.decorateRequest('isUncounted', false);
  // Fastify makes an object of the options of a route whenever a request is asked for them.
  app.addHook('onRoute', (route) => {
    if (route.config?.rateLimit !== false) return;
    route.onRequest = [
      ...[route.onRequest ?? []].flat(),
      (request, _reply, done) => {
        request.isUncounted = true;
        done();
      },
    ];
  });
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.isUncounted !== true) {
      request.work = work;
      goOn(request);
    }
    done();
  });
  app.addHook('onSend', (request, _reply, payload, done) => {
    rest(request);
    done(null, payload);
  });
  // A client that left is sent nothing.
  app.addHook('onResponse', (request, _reply, done) => {
    rest(request);
    done();
  });
}

/** From here on a request waits and costs nothing, or is answered. */
export function rest(request: FastifyRequest): void {
  const { countedIn } = request;
  if (countedIn === undefined || countedIn === null) return;
  countedIn.requests -= 1;
  request.countedIn = null;
}

/** It is worked on, again where it rested; throws where as many as may be are. */
export function goOn(request: FastifyRequest): void {
  const { work } = request;
  if (work === undefined || work === null) return;
  if (work.requests >= work.max)
    throw new HttpProblem(
      'unavailable',
      `the service is overloaded: ${String(work.max)} requests are in progress`,
      { headers: { 'retry-after': RETRY_AFTER_SECONDS } },
    );
  work.requests += 1;
  request.countedIn = work;
}
