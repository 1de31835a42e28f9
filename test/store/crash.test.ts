import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Store } from '../../src/store/port.ts';
import { until } from '../support/until.ts';
import { sqliteHarness, type SqliteHarness } from './support/sqlite_harness.ts';

let harness: SqliteHarness;
beforeEach(() => {
  harness = sqliteHarness();
});
afterEach(async () => harness.cleanup());

const createHost = (store: Store): Promise<unknown> =>
  store.submit({ host: 'node-a', command: { type: 'create_host', name: 'node-a', kernel: 'v6.12' } });
const fail = (store: Store, fault: string): Promise<unknown> =>
  store.submit({ host: 'node-a', command: { type: 'patch_host', labels: { fault } } });

test('kill -9 during load loses no acknowledged command', async () => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('./support/load_child.ts', import.meta.url)), harness.path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const acknowledged: string[] = [];
  for await (const pid of createInterface(child.stdout)) {
    acknowledged.push(pid);
    if (acknowledged.length === 300) child.kill('SIGKILL');
  }
  if (child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');

  const store = await harness.open();
  for (const pid of acknowledged) expect(await store.get('processes', 'node-a', pid)).not.toBeNull();
  const { items, as_of } = await store.events({ after: 0, limit: 1_000_000 });
  expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: as_of }, (_, position) => position + 1));
});

test.each(['io_error', 'death'])(
  'on %s nobody in the batch is answered, what was answered is stored, and the process is told to stop',
  async (fault) => {
    const store = await harness.open();
    await createHost(store);
    // Whether the second submission still catches the batch of the first is the threads' affair.
    const [created, failed] = [vi.fn(), vi.fn()];
    const create = store.submit({ host: 'node-a', command: { type: 'create_process', pid: 1, comm: 'a' } });
    void create.finally(created);
    void fail(store, fault).finally(failed);
    await until(
      () => harness.fatal.length,
      (ends) => ends > 0,
    );
    await store.close();
    expect(failed).not.toHaveBeenCalled();
    expect(harness.fatal).toHaveLength(1);
    const again = await harness.open();
    const stored = (await again.get('processes', 'node-a', '1')) !== null;
    expect(stored).toBe(created.mock.calls.length === 1);
  },
);

test('a database that cannot be opened is refused at the start', async () => {
  harness = { ...harness, path: '/dev/null/not/a/directory.db' };
  const { openSqliteStore } = await import('../../src/runtime/sqlite_store.ts');
  await expect(openSqliteStore({ path: harness.path, onFatal: () => undefined })).rejects.toThrow();
});
