import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Backend } from './backend.ts';
import { registerDurations, type Durations } from './durations.ts';

/**
 * Prometheus metrics of this server: requests by route (of those that are declared after it), problems by code, the
 * store, and the process.
 */
export function serveMetrics(app: FastifyInstance, backend: Backend): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
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
  measureStore(registry, backend);
  // Fastify makes an object of what it knows of a route whenever a request is asked for it.
  app.addHook('onRoute', (route) => {
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
  app.get('/metrics', { config: { rateLimit: false }, schema: { hide: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
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

/** Asked when the metrics are: a store that is not looked at costs nothing. */
function measureStore(registry: Registry, backend: Backend): void {
  type Status = Awaited<ReturnType<Backend['status']>>;
  const gauge = (name: string, help: string, value: (status: Status) => number): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        async collect() {
          this.set(value(await backend.status()));
        },
      }),
    );
  };
  gauge(
    'daxplane_store_wal_bytes',
    'Bytes of the write-ahead log beside the database.',
    (status) => status.wal_bytes,
  );
  gauge(
    'daxplane_store_last_checkpoint_timestamp_seconds',
    'When the log was last checkpointed completely; 0 for not since the start.',
    ({ last_checkpoint_at }) => (last_checkpoint_at === null ? 0 : Date.parse(last_checkpoint_at) / 1000),
  );
  gauge(
    'daxplane_store_checkpoint_failures',
    'Checkpoints since the start that failed or left something behind.',
    (status) => status.checkpoint_failures,
  );
  gauge('daxplane_store_degraded', '1 while checkpoints fail; /readyz has the reason.', ({ degraded }) =>
    degraded === null ? 0 : 1,
  );
}
