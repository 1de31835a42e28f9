import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Backend } from '../backend.ts';
import { measureFleet } from './fleet.ts';
import { gauge } from './gauges.ts';
import { measureJournal } from './journal.ts';
import { measureRequests } from './requests.ts';
import { measureStore, measureThreads } from './store.ts';
import { measureWebhooks } from './webhooks.ts';
import { measureWriter } from './writer.ts';

/** Gauges of prom-client that are named as counters are, and are sums of others that it has. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

/**
 * Prometheus metrics: requests by route (of those that are declared after it), problems, the fleet, the journal, the store
 * and its threads, the process. What is not told anyway is asked when the metrics are, once, of a thread that is not
 * this one: a service that nobody watches spends nothing on it.
 */
export function serveMetrics(app: FastifyInstance, backend: Backend): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  measureRequests(app, registry);
  measureWriter(registry, backend);
  const look = measureWhenAsked(app, registry, backend);
  app.get('/metrics', { config: { rateLimit: false }, schema: { hide: true } }, async (request, reply) => {
    await look(request.log);
    reply.type(registry.contentType);
    return registry.metrics();
  });
}

/** Where the store cannot be asked, what it said last stands beside `daxplane_figures_up` 0. */
function measureWhenAsked(
  app: FastifyInstance,
  registry: Registry,
  backend: Backend,
): (log: FastifyBaseLogger) => Promise<void> {
  const up = gauge(
    registry,
    'daxplane_figures_up',
    '1 where the figures of the fleet, the journal and the threads are of now; 0 where they cannot be read.',
  );
  const store = measureStore(registry);
  const each = [
    measureFleet(registry),
    measureJournal(app, registry),
    measureThreads(registry),
    measureWebhooks(registry),
  ];
  return async (log) => {
    try {
      store(await backend.status());
      const figures = await backend.figures();
      const now = Date.now();
      for (const set of each) set(figures, now);
      up(1);
    } catch (error) {
      log.warn({ err: error }, 'the figures of the metrics cannot be read');
      up(0);
    }
  };
}
