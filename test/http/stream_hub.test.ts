import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHub, type LiveReader } from '../../src/http/stream/hub.ts';
import { openSqliteStore } from '../../src/runtime/sqlite_store.ts';
import { startTestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

test('[STREAM7] where the journal has lost the place of a reader, others keep theirs', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'daxplane-hub-'));
  const onFatal = (error: Error): void => {
    throw error;
  };
  const serve = async (events: number | null) => {
    const store = await openSqliteStore({
      path: join(directory, 'a.db'),
      onFatal,
      retention: { days: null, events },
    });
    return { store, server: await startTestServer({ store }) };
  };
  const first = await serve(null);
  await first.server.call('POST', '/v1/hosts', { name: 'a', kernel: 'v6.12' });
  for (let pid = 1; pid < 10; pid += 1)
    await first.server.call('POST', '/v1/hosts/a/processes', { pid, comm: 'a' });
  await first.server.close();
  const { store, server } = await serve(4);
  await server.call('POST', '/v1/hosts/a/processes', { pid: 10, comm: 'a' });
  expect((await store.events({ limit: 1 })).oldest_seq).toBe(7);
  const hub = createHub(store, 0, (error) => expect.fail(String(error)));
  const told: [string, string, number][] = [];
  const readerAt = (name: string, begin: number): LiveReader => {
    let at = begin;
    const reader: LiveReader = {
      filter: null,
      at: () => at,
      take: (_frames, upTo) => {
        at = upTo;
        told.push([name, 'take', upTo]);
      },
      isFull: () => false,
      lost: ({ oldest_seq }) => {
        hub.leave(reader);
        told.push([name, 'lost', oldest_seq]);
      },
      stop: () => undefined,
    };
    return reader;
  };
  const [far, near] = [readerAt('far', 2), readerAt('near', 8)];
  expect([hub.join(far), hub.join(near)]).toEqual([true, true]);
  await until(
    () => told.length,
    (many) => many >= 2,
  );
  expect(told).toEqual([
    ['far', 'lost', 7],
    ['near', 'take', 11],
  ]);
  hub.leave(near);
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});
