import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Backend } from './backend.ts';

/** Prometheus metrics of this server: requests by route, problems by code, the store, and the process. */
export function serveMetrics(app: FastifyInstance, backend: Backend): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request line to the last byte, by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60],
    registers: [registry],
  });
  const problems = new Counter({
    name: 'http_problems_total',
    help: 'Problem documents sent, by status.',
    labelNames: ['status'],
    registers: [registry],
  });
  measureStore(registry, backend);
  app.addHook('onResponse', async (request, reply) => {
    const status = String(reply.statusCode);
    const route = request.routeOptions.url ?? 'unknown';
    seconds.observe({ method: request.method, route, status }, reply.elapsedTime / 1000);
    if (reply.statusCode >= 400) problems.inc({ status });
  });
  app.get('/metrics', { config: { rateLimit: false }, schema: { hide: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
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
