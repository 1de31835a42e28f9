import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/runtime/sqlite_store.ts';
import { before } from '../store/support/before.ts';
import { startTestServer } from '../support/server.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'daxplane-key-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a key that was used before the upgrade is refused, and nothing is done a second time', async () => {
  const body = { name: 'a', kernel: 'v6.12' };
  const former = createHash('sha256')
    .update(`POST\n/v1/hosts\n${JSON.stringify(body)}`)
    .digest('hex');
  const db = before(3);
  db.prepare(
    `INSERT INTO idempotency_keys (key, fingerprint, reply, seq, created_at) VALUES ('k', ?, '{}', 1, ?)`,
  ).run(former, new Date().toISOString());
  const path = join(directory, 'daxplane.db');
  writeFileSync(path, db.serialize());
  db.close();
  const onFatal = (error: Error): void => {
    throw error;
  };
  const server = await startTestServer({ store: await openSqliteStore({ path, onFatal }) });
  try {
    const create = (key: string) => server.call('POST', '/v1/hosts', body, { 'idempotency-key': key });
    expect(await create('k')).toMatchObject({ status: 422, json: { code: 'idempotency_key_reused' } });
    expect((await server.call('GET', '/v1/hosts/a')).status).toBe(404);
    expect((await create('fresh')).status).toBe(201);
  } finally {
    await server.close();
  }
});
