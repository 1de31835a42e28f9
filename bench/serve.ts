import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createControlPlane, type ControlPlane } from '../src/app/control_plane.ts';
import { buildServer } from '../src/http/server.ts';
import { openSqliteStore } from '../src/runtime/sqlite_store.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The whole service over a database that ends with it, without limits of rate; hands on its URL. */
export async function serve(work: (url: string, controlPlane: ControlPlane) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'daxplane-bench-'));
  const fail = (error: Error): void => {
    throw error;
  };
  const store = await openSqliteStore({ path: join(directory, 'bench.db'), onFatal: fail });
  const controlPlane = createControlPlane(store, SILENT);
  await controlPlane.start();
  const app = await buildServer({ backend: controlPlane, logger: false });
  try {
    await work(await app.listen({ host: '127.0.0.1', port: 0 }), controlPlane);
  } finally {
    await app.close();
    await controlPlane.close();
    await rm(directory, { recursive: true, force: true });
  }
}
