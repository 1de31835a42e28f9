import { pino } from 'pino';
import { createControlPlane } from '../src/app/control_plane.ts';
import { buildServer } from '../src/http/server.ts';
import { openSqliteStore } from '../src/runtime/sqlite_store.ts';
import { serveParent } from './child.ts';

/** The whole service as main.ts puts it together, over the database that the argument names. */
const begunMs = performance.now();
const [path = ''] = process.argv.slice(2);
const log = pino({ level: 'warn' });
const onFatal = (error: Error): void => {
  throw error;
};
const store = await openSqliteStore({ path, log, onFatal });
const controlPlane = createControlPlane(store, log);
await controlPlane.start();
const app = await buildServer({ backend: controlPlane, logger: log, limits: { requests_in_work: 1_000 } });
const url = await app.listen({ host: '127.0.0.1', port: 0 });
const close = async (): Promise<void> => {
  await app.close();
  await controlPlane.close();
};
serveParent(url, close, begunMs);
