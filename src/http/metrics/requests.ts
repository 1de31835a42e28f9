import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Counter, type Registry } from 'prom-client';
import { registerDurations, type Durations } from './durations.ts';

/** Counts the answers of every route that is declared after it, those of no route together, and problems by status. */
export function measureRequests(app: FastifyInstance, registry: Registry): void {
  const durations = registerDurations(
    registry,
    'http_request_duration_seconds',
    'Time from the request line to the last byte, by route.',
  );
  const problems = new Counter({
    name: 'http_problems_total',
    help: 'Problem documents sent, by status.',
    labelNames: ['status'],
    registers: [registry],
  });
  // Fastify makes an object of what it knows of a route whenever a request is asked for it.
  app.addHook('onRoute', (route) => {
    // How long somebody listens is no duration of an answer.
    if (route.config?.isStream === true) return;
    const observe = observeRoute(durations, route.url);
    route.onResponse = [
      ...[route.onResponse ?? []].flat(),
      (request, reply, done) => {
        observe(request, reply);
        done();
      },
    ];
  });
  const observeUnknown = observeRoute(durations, 'unknown');
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply;
    if (request.is404) observeUnknown(request, reply);
    if (statusCode >= 400) problems.inc({ status: String(statusCode) });
    done();
  });
}

/** Counts the answers of one route, or of all requests that no route takes. */
function observeRoute(
  { under }: Durations,
  route: string,
): (request: FastifyRequest, reply: FastifyReply) => void {
  type ByStatus = Map<number, (seconds: number) => void>;
  const methods = new Map<string, ByStatus>();
  return ({ method }, { statusCode, elapsedTime }) => {
    const statuses = inMap(methods, method, (): ByStatus => new Map());
    const observe = inMap(statuses, statusCode, () => under({ method, route, status: String(statusCode) }));
    observe(elapsedTime / 1000);
  };
}

function inMap<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
