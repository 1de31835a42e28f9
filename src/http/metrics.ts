import type { FastifyInstance, FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Backend } from './backend.ts';
import { registerDurations, type Durations } from './durations.ts';

/** Prometheus metrics of this server: requests by route, problems by code, the store, and the process. */
export function serveMetrics(app: FastifyInstance, backend: Backend): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const observe = observeByRoute(
    registerDurations(
      registry,
      'http_request_duration_seconds',
      'Time from the request line to the last byte, by route.',
    ),
  );
  const problems = new Counter({
    name: 'http_problems_total',
    help: 'Problem documents sent, by status.',
    labelNames: ['status'],
    registers: [registry],
  });
  measureStore(registry, backend);
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply;
    observe(request, statusCode, reply.elapsedTime / 1000);
    if (statusCode >= 400) problems.inc({ status: String(statusCode) });
    done();
  });
  app.get('/metrics', { config: { rateLimit: false }, schema: { hide: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
}

type Observe = (request: FastifyRequest, status: number, seconds: number) => void;

/** Requests that no route takes share one. */
function observeByRoute({ under }: Durations): Observe {
  type ByStatus = Map<number, (seconds: number) => void>;
  const routes = new Map<string, Map<string, ByStatus>>();
  return ({ routeOptions, method }, status, seconds) => {
    const route = routeOptions.url ?? 'unknown';
    const methods = inMap(routes, route, () => new Map<string, ByStatus>());
    const statuses = inMap(methods, method, (): ByStatus => new Map());
    inMap(statuses, status, () => under({ method, route, status: String(status) }))(seconds);
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
