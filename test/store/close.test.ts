import { copyFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openReadConnection } from '../../src/store/connection.ts';
import { Sqlite } from '../../src/store/driver.ts';
import type { Store } from '../../src/store/port.ts';
import { sqliteHarness, type SqliteHarness } from './support/sqlite_harness.ts';

const HOST = 'node-a';

let harness: SqliteHarness;
let store: Store;
beforeEach(async () => {
  harness = sqliteHarness(null);
  store = await harness.open();
  await store.submit({ host: HOST, command: { type: 'create_host', name: HOST, kernel: 'v6.12' } });
  // A connection that has not read yet does not hold the WAL.
  expect(await store.get('hosts', HOST, HOST)).not.toBeNull();
});
afterEach(() => harness.cleanup());

/** The hosts in a copy of the database file alone, as `cp` makes it. */
function hostsInCopy(): unknown[] {
  const copy = `${harness.path}.copy`;
  copyFileSync(harness.path, copy);
  const db = openReadConnection(copy);
  try {
    return db.prepare('SELECT id FROM hosts').pluck().all();
  } finally {
    db.close();
  }
}

const walBytes = (): number => statSync(`${harness.path}-wal`, { throwIfNoEntry: false })?.size ?? 0;

test('after close the database file alone has everything', async () => {
  expect(walBytes()).toBeGreaterThan(0);
  await store.close();
  expect(walBytes()).toBe(0);
  expect(hostsInCopy()).toEqual([HOST]);
});

test('also where threads that read have read, and one is at a question', async () => {
  await store.assess({ filters: {}, limit: 10 });
  await store.packedRecords({ host: HOST, kinds: ['hosts'] });
  const asked = store.assess({ filters: {}, limit: 10 }).catch(() => 'ended');
  await store.close();
  await asked;
  expect(walBytes()).toBe(0);
  expect(hostsInCopy()).toEqual([HOST]);
});

test('another program that reads an old state is not waited for, and nothing is lost', async () => {
  const reader = new Sqlite(harness.path, { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM hosts').get();
  await store.submit({ host: HOST, command: { type: 'create_process', pid: 1, comm: 'redis' } });
  await store.close();
  reader.close();
  store = await harness.open();
  expect(await store.get('processes', HOST, '1')).not.toBeNull();
  await store.close();
  expect(walBytes()).toBe(0);
});

test('files that were put in the place of a served database are left alone', async () => {
  renameSync(harness.path, `${harness.path}.away`);
  renameSync(`${harness.path}-wal`, `${harness.path}.away-wal`);
  writeFileSync(harness.path, 'another file');
  writeFileSync(`${harness.path}-wal`, 'its log');
  await store.close();
  expect(readFileSync(harness.path, 'utf8')).toBe('another file');
  expect(readFileSync(`${harness.path}-wal`, 'utf8')).toBe('its log');
  expect(existsSync(`${harness.path}.away`)).toBe(true);
});
