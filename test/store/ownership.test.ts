import { copyFileSync, linkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { Sqlite } from '../../src/store/driver.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Store, Submission } from '../../src/store/port.ts';
import { sqliteHarness, type SqliteHarness } from './support/sqlite_harness.ts';

const HOST = 'node-a';
const BUSY_MS = 20;
const create: Submission = { host: HOST, command: { type: 'create_host', name: HOST, kernel: 'v6.12' } };
const spawn = (pid: number): Submission => ({
  host: HOST,
  command: { type: 'create_process', pid, comm: 'redis' },
});
const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };

let harness: SqliteHarness;
let store: Store;
beforeEach(async () => {
  vi.clearAllMocks();
  harness = sqliteHarness();
  store = await harness.open({ busyTimeoutMs: BUSY_MS, log });
  expect(await store.submit(create)).toMatchObject({ status: 'done' });
});
afterEach(() => harness.cleanup());

describe('one process serves a file', () => {
  test('the second is refused and told who the first is, and where, and since when', async () => {
    store.serveAt('http://127.0.0.1:4711');
    // What was sent before is done once a later question is answered.
    await store.check();
    const second = harness.open();
    await expect(second).rejects.toThrow(`${harness.path} is served by another daxplane: pid ${process.pid}`);
    await expect(second).rejects.toThrow('at http://127.0.0.1:4711, since 2');
    expect(await store.submit(spawn(1))).toMatchObject({ status: 'done' });
  });

  test('also under a symbolic link', async () => {
    const link = `${harness.path}.link`;
    symlinkSync(harness.path, link);
    await expect(harness.open({ path: link })).rejects.toThrow('is served by another daxplane');
  });

  test('a file of two names is refused: each name would have a log of its own', async () => {
    await store.close();
    linkSync(harness.path, `${harness.path}.other`);
    await expect(harness.open()).rejects.toThrow('has 2 names');
    rmSync(`${harness.path}.other`);
    await expect(harness.open()).resolves.toBeDefined();
  });

  test('when it has closed, the next one serves', async () => {
    await store.close();
    const next = await harness.open();
    expect(await next.submit(spawn(1))).toMatchObject({ status: 'done' });
  });
});

test("another program's write lock is waited for and then refused, with nothing stored, and forgotten", async () => {
  const other = new Sqlite(harness.path);
  other.exec('BEGIN IMMEDIATE');
  const busy = {
    code: 'store_busy',
    detail: expect.stringContaining(harness.path) as string,
    retry_after_s: 1,
  };
  expect(await store.submit(spawn(1))).toMatchObject({ status: 'unavailable', why: busy });
  expect(await store.submit(spawn(2))).toMatchObject({ status: 'unavailable', why: busy });
  expect(await store.check()).toMatchObject({ unavailable: true, ...busy });
  expect(await store.get('processes', HOST, '1')).toBeNull();
  other.exec('COMMIT');
  other.close();
  expect(await store.submit(spawn(1))).toMatchObject({ status: 'done' });
  expect(await store.check()).toMatchObject({ journal_mode: 'wal' });
  expect(harness.fatal).toEqual([]);
  expect(log.error.mock.calls.map(([, message]) => message as string)).toEqual(['store takes no changes']);
  expect(log.info.mock.calls.map(([, message]) => message as string)).toEqual(['store takes changes again']);
});

describe('nothing is acknowledged that goes to a file which is not under its path', () => {
  const away = (suffix: string): string => `${harness.path}${suffix}.away`;

  test.each(['', '-wal', '-shm', '-lock'])('%s removed', async (suffix) => {
    rmSync(harness.path + suffix);
    const why = {
      code: 'store_not_ours',
      detail: expect.stringContaining(`${harness.path}${suffix} was removed`) as string,
    };
    expect(await store.submit(spawn(1))).toMatchObject({ status: 'unavailable', why });
    expect(await store.check()).toMatchObject({ unavailable: true, ...why });
    expect(log.error).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ why: why.detail }),
      'store takes no changes',
    );
  });

  test.each(['', '-wal', '-shm', '-lock'])('%s replaced, and put back', async (suffix) => {
    const file = harness.path + suffix;
    renameSync(file, away(suffix));
    copyFileSync(away(suffix), file);
    const why = { code: 'store_not_ours', detail: expect.stringContaining(`${file} was replaced`) as string };
    expect(await store.submit(spawn(1))).toMatchObject({ status: 'unavailable', why });
    renameSync(away(suffix), file);
    expect(await store.submit(spawn(1))).toMatchObject({ status: 'done' });
    expect(harness.fatal).toEqual([]);
  });

  test('where it goes while the commit runs nobody is answered, and a key settles it', async () => {
    await store.close();
    let fail = (_error: Error): void => undefined;
    const failed = new Promise<Error>((resolve) => void (fail = resolve));
    store = await harness.open({ log, onFatal: (error) => fail(error) });
    const labels = { fault: 'moved' };
    const moved: Submission = {
      host: HOST,
      command: { type: 'patch_host', labels },
      idempotency: { key: 'k', fingerprint: 'f' },
    };
    const settled = vi.fn();
    void store.submit(moved).finally(settled);
    void store.submit(spawn(1)).finally(settled);
    expect((await failed).message).toMatch(/it is not known .* was removed or renamed/);
    await store.close();
    expect(settled).not.toHaveBeenCalled();
    renameSync(away(''), harness.path);
    const next = await harness.open();
    expect(await next.submit(moved)).toMatchObject({ status: 'done', replayed: true });
    expect(await next.get('hosts', HOST, HOST)).toMatchObject({ labels });
  });
});
