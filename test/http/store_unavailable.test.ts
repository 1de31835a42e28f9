import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Sqlite } from '../../src/store/driver.ts';
import { openSqliteStore } from '../../src/runtime/sqlite_store.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let directory: string;
let path: string;
let server: TestServer;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'daxplane-unavailable-'));
  path = join(directory, 'daxplane.db');
  const onFatal = (error: Error): void => {
    throw error;
  };
  server = await startTestServer({ store: await openSqliteStore({ path, onFatal, busyTimeoutMs: 20 }) });
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const create = (name: string) => server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });

test('a busy store is a 503 with Retry-After, nothing is stored, and it works again', async () => {
  const other = new Sqlite(path);
  other.exec('BEGIN IMMEDIATE');
  for (const answer of [await create('a'), await server.call('GET', '/readyz')]) {
    expect(answer).toMatchObject({
      status: 503,
      json: { code: 'store_busy' },
      headers: { 'retry-after': '1' },
    });
    expect(answer.json['detail']).toContain(path);
  }
  expect((await server.call('GET', '/v1/hosts/a')).status).toBe(404);
  other.exec('COMMIT');
  other.close();
  expect((await create('a')).status).toBe(201);
  expect((await server.call('GET', '/readyz')).json).toMatchObject({ status: 'ready', degraded: null });
});

test('a file that was moved away stops changes and readiness with the reason, until it is back', async () => {
  renameSync(path, `${path}.away`);
  for (const answer of [await create('a'), await server.call('GET', '/readyz')]) {
    expect(answer).toMatchObject({ status: 503, json: { code: 'store_not_ours' } });
    expect(answer.json['detail']).toContain(`${path} was removed or renamed`);
  }
  renameSync(`${path}.away`, path);
  expect((await create('a')).status).toBe(201);
  expect((await server.call('GET', '/readyz')).status).toBe(200);
});

test('readiness is a commit, and the metrics have the state of the log', async () => {
  const seen = new Sqlite(path, { readonly: true });
  const checkedAt = (): unknown => seen.prepare('SELECT checked_at FROM owner').pluck().get();
  expect(checkedAt()).toBeNull();
  expect((await server.call('GET', '/readyz')).json).toMatchObject({
    store: { journal_mode: 'wal', checkpoint_failures: 0 },
  });
  expect(checkedAt()).toMatch(/^2.*Z$/);
  seen.close();
  const { text } = await server.call('GET', '/metrics');
  expect(text).toMatch(/^daxplane_store_wal_bytes [1-9]\d*$/m);
  expect(text).toMatch(/^daxplane_store_last_checkpoint_timestamp_seconds 1\d{9}/m);
  expect(text).toMatch(/^daxplane_store_checkpoint_failures 0$/m);
  expect(text).toMatch(/^daxplane_store_degraded 0$/m);
});
