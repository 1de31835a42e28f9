import closeWithGrace from 'close-with-grace';
import { createControlPlane } from '../../src/app/control_plane.ts';
import { loadConfig } from '../../src/config.ts';
import { buildServer } from '../../src/http/server.ts';
import { openSqliteStore } from '../../src/runtime/sqlite_store.ts';

/**
 * The service, but for the waits between attempts, which are milliseconds, and more attempts at a time to one receiver. As
 * src/main.ts it is told by the environment, prints where it listens, and stops with SIGTERM.
 */
const { host, port, db, webhook_targets } = loadConfig();
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const store = await openSqliteStore({
  path: db,
  onFatal: (error) => {
    throw error;
  },
});
const controlPlane = createControlPlane(store, log, {
  ...{ targets: webhook_targets, schedule_ms: Array.from({ length: 30 }, () => 20), timeout_ms: 250 },
  concurrency: { of_one: 32, of_host: 32, shared: 32, bytes: 2 ** 30 },
});
await controlPlane.start();
const app = await buildServer({ backend: controlPlane, logger: false });
closeWithGrace({ delay: 30_000 }, async () => {
  await app.close();
  await controlPlane.close();
});
process.stdout.write(`${await app.listen({ host, port })}\n`);
