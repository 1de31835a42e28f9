import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createControlPlane } from '../../src/app/control_plane.ts';
import { buildServer } from '../../src/http/server.ts';
import { openSqliteStore } from '../../src/runtime/sqlite_store.ts';
import type { Body, Call } from './step.ts';

export interface Service {
  readonly call: Call;
  close(): Promise<void>;
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The real server in this process, with its SQLite store on a file that goes when it closes. */
export async function startService(): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), 'daxplane-conformance-'));
  const onFatal = (error: Error): never => {
    throw error;
  };
  const store = await openSqliteStore({ path: join(folder, 'daxplane.db'), onFatal });
  const controlPlane = createControlPlane(store, silent);
  await controlPlane.start();
  const app = await buildServer({ backend: controlPlane, logger: false });
  const call: Call = async (method, path, body, headers = {}) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
    const response = await app.inject({ method, url: path, headers: { ...type, ...headers }, ...payload });
    const isJson = /json/.test(String(response.headers['content-type']));
    return {
      status: response.statusCode,
      body: isJson && response.body !== '' ? (JSON.parse(response.body) as Body) : {},
      headers: response.headers as Record<string, string | undefined>,
    };
  };
  return {
    call,
    close: async () => {
      await app.close();
      await controlPlane.close();
      await rm(folder, { recursive: true });
    },
  };
}
