import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { createControlPlane, type ControlPlane } from './app/control_plane.ts';
import { seedDemo } from './app/demo.ts';
import type { Log } from './app/log.ts';
import { loadConfig, type Config } from './config.ts';
import { buildServer } from './http/server.ts';
import { openSqliteStore } from './store/sqlite.ts';

const DRAIN_MS = 10_000;
const REQUESTS_IN_WORK_MAX = 1_000;

/** config → store → app → http → listen → drain on SIGTERM. */
async function main(config: Config): Promise<void> {
  const log = pino({ level: config.log_level });
  await mkdir(dirname(config.db), { recursive: true });
  const store = await openSqliteStore({
    path: config.db,
    // What was submitted is neither stored nor lost for certain: only a restart can tell.
    onFatal: (error) => {
      log.fatal({ err: error }, 'store failed');
      process.exit(1);
    },
  });
  const controlPlane = createControlPlane(store, log);
  if (config.demo && (await seedDemo(controlPlane))) log.info({}, 'demo fleet seeded');
  await controlPlane.start();
  warmUp(controlPlane, log);
  const app = await buildServer({
    backend: controlPlane,
    logger: log,
    limits: {
      requests_in_work: REQUESTS_IN_WORK_MAX,
      ...(config.rate_limit === null ? {} : { requests_per_minute: config.rate_limit }),
    },
    connections: { connections: config.max_connections },
    callers: { host: config.host, allowed: config.allowed_hosts },
  });
  closeWithGrace({ delay: DRAIN_MS }, async ({ err, signal }) => {
    if (err !== undefined) log.fatal({ err }, 'uncaught error');
    log.info({ signal }, 'draining');
    await app.close();
    await controlPlane.close();
  });
  const url = await app.listen({ host: config.host, port: config.port });
  process.stdout.write(`daxplane serves ${url} (API explorer: ${url}/docs)\n`);
}

/** Starts the thread that assesses the fleet, so that nobody waits for it. */
function warmUp(controlPlane: ControlPlane, log: Log): void {
  controlPlane.assess({ filters: {}, limit: 1 }).catch((error: unknown) => {
    log.error({ err: error }, 'fleet could not be assessed');
  });
}

try {
  await main(loadConfig());
} catch (error) {
  process.stderr.write(`daxplane: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
