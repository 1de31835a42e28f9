import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openReadConnection } from '../../src/store/connection.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { createKeptReads } from '../../src/store/kept_reads.ts';
import type { Store, Submission } from '../../src/store/port.ts';
import { createReads } from '../../src/store/read.ts';
import { sqliteHarness, type SqliteHarness } from './support/sqlite_harness.ts';

interface Found {
  readonly text: string;
}

describe('what was read of one state', () => {
  const textOf = (found: Found | null): string | null => found?.text ?? null;
  const find = (text: string) => vi.fn(() => ({ text }));

  test('is read once until another state is read, and each time where it is read for itself', () => {
    const kept = createKeptReads();
    const [one, other] = [find('one'), find('other')];
    const read = (state: number | null) =>
      [kept.of(state, 'a', one, textOf), kept.of(state, 'b', other, textOf)].map(({ text }) => text);
    const calls = [1, 1, 2, 2, null, null, 2, 1].map((state) => {
      expect(read(state)).toEqual(['one', 'other']);
      return [one.mock.calls.length, other.mock.calls.length];
    });
    expect(calls.map(([first]) => first)).toEqual([1, 1, 2, 2, 3, 4, 4, 5]);
    expect(calls.every(([first, second]) => first === second)).toBe(true);
  });

  test('is read again where it was not there, and where it has no text', () => {
    const kept = createKeptReads();
    const missing = vi.fn(() => null);
    const refused = find('refused');
    for (let at = 0; at < 2; at += 1) {
      expect(kept.of(1, 'a', missing, textOf)).toBeNull();
      expect(kept.of(1, 'b', refused, () => null)).toEqual({ text: 'refused' });
    }
    expect([missing.mock.calls.length, refused.mock.calls.length]).toEqual([2, 2]);
  });

  test('is kept up to so many characters, and none of more than an eighth of them', () => {
    const kept = createKeptReads(80);
    const nine = find('123456789');
    for (const key of ['a', 'b', 'a']) kept.of(1, key, nine, textOf);
    expect(nine).toHaveBeenCalledTimes(2);
    const ten = find('1234567890');
    for (const key of ['c', 'c']) kept.of(1, key, ten, textOf);
    expect(ten).toHaveBeenCalledTimes(2);
    // Ten each, with its key: for a ninth all go.
    for (const key of 'defghi') kept.of(1, key, nine, textOf);
    kept.of(1, 'a', nine, textOf);
    expect(nine).toHaveBeenCalledTimes(8);
    for (const key of ['j', 'a']) kept.of(1, key, nine, textOf);
    expect(nine).toHaveBeenCalledTimes(10);
  });
});

describe('a store that is read again', () => {
  const HOST = 'node-a';
  const submission = (command: Submission['command']): Submission => ({ host: HOST, command });
  let harness: SqliteHarness;
  afterEach(() => harness.cleanup());

  async function opened(): Promise<Store> {
    harness = sqliteHarness();
    const store = await harness.open();
    await store.submit(submission({ type: 'create_host', name: HOST, kernel: 'v6.12' }));
    await store.submit(submission({ type: 'create_process', pid: 1, comm: 'redis' }));
    return store;
  }

  async function read(store: Store): Promise<readonly string[]> {
    const process = await store.getText('processes', HOST, '1');
    const page = await store.list({ kind: 'processes', filters: {}, limit: 10 });
    return [process?.text ?? '', 'records' in page ? page.records : ''];
  }

  test('shows what it has stored meanwhile, and what another program has', async () => {
    const store = await opened();
    const comms = async (): Promise<unknown> =>
      (await read(store)).map((text) => /"comm":"(\w+)"/.exec(text)?.[1]);
    expect(await comms()).toEqual(['redis', 'redis']);
    await turn();
    expect(await comms()).toEqual(['redis', 'redis']);
    const other = new Sqlite(harness.path);
    other.exec(`UPDATE processes SET record = replace(record, 'redis', 'nginx')`);
    other.close();
    await turn();
    expect(await comms()).toEqual(['nginx', 'nginx']);
    await store.submit(submission({ type: 'exit_process', pid: 1 }));
    const [text, records] = await read(store);
    expect(text).toContain('"state":"dead"');
    expect(records).toBe(text);
  });

  test('reads nothing anew that is asked for again, and tells a uid from an id', async () => {
    const store = await opened();
    const first = await store.getText('processes', HOST, '1');
    await turn();
    expect(await store.getText('processes', HOST, '1')).toBe(first);
    expect(await store.getTextByUid('processes', `${HOST} 1`)).toBeNull();
  });

  test('keeps of a page what it shows, not the record that was read to tell that others follow', async () => {
    const store = await opened();
    const symbols = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, at) => [`s${String(at)}${'_'.repeat(240)}`, true]),
    );
    const kernel_probes = { symbols, btf: {}, sysfs: {} };
    const large = { type: 'create_host', name: 'node-b', kernel_release: '6.6.30', kernel_probes } as const;
    expect(await store.submit({ host: 'node-b', command: large })).toMatchObject({ status: 'done' });
    const db = openReadConnection(harness.path);
    const reads = createReads(db, () => 1);
    const list = async (created_after_ms: number) =>
      reads.list({ kind: 'hosts', filters: {}, limit: 1, created_after_ms });
    const first = await list(0);
    const before = heapBytes();
    for (let at = 1; at <= PAGES; at += 1) expect(await list(at)).toEqual(first);
    // The large record has 250 000 characters.
    expect(heapBytes() - before).toBeLessThan((PAGES * 250_000) / 2);
    expect(await list(1)).toBe(await list(1));
    db.close();
  });
});

const PAGES = 100;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is left once all is collected that nobody holds. */
function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
