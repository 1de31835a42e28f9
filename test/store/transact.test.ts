import type Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openWriteConnection, assertDurable } from '../../src/store/connection.ts';
import { Sqlite } from '../../src/store/driver.ts';
import type { Submission } from '../../src/store/port.ts';
import type { BatchResult } from '../../src/store/transact.ts';
import { memoryWriter } from './support/memory_writer.ts';
import { sqliteHarness } from './support/sqlite_harness.ts';

interface Writer {
  readonly db: Database.Database;
  readonly at: (time: string) => void;
  readonly run: (...batch: Submission[]) => BatchResult;
}

function writer(cacheBytes = 2 ** 20, startTurn = () => () => false): Writer {
  let now = '2030-01-01T00:00:00.000Z';
  const { db, transact } = memoryWriter({ now: () => now, cacheBytes, startTurn });
  return { db, at: (time) => void (now = time), run: (...batch) => transact(batch) };
}

const create = (host: string): Submission => ({
  host,
  command: { type: 'create_host', name: host, kernel: 'v6.12' },
});
const spawn = (host: string, pid: number): Submission => ({
  host,
  command: { type: 'create_process', pid, comm: 'a' },
});
const keyed = (key: string, submission: Submission): Submission => ({
  ...submission,
  idempotency: { key, fingerprint: '' },
});
const statuses = ({ settled }: BatchResult): string[] =>
  settled.map((one) => {
    if ('more' in one) return 'more';
    return 'submitted' in one ? one.submitted.status : one.error.message;
  });

test('a key is forgotten after 24 hours, and its row goes', () => {
  const { db, at, run } = writer();
  run(create('a'));
  run(keyed('old', spawn('a', 1)));
  at('2030-01-01T23:59:59.999Z');
  expect(run(keyed('old', spawn('a', 1))).settled[0]).toMatchObject({ submitted: { replayed: true } });
  at('2030-01-02T00:00:00.000Z');
  expect(statuses(run(keyed('old', spawn('a', 1))))).toEqual(['refused']);
  at('2030-01-02T01:00:00.000Z');
  run();
  expect(db.prepare('SELECT count(*) FROM idempotency_keys').pluck().get()).toBe(0);
});

test('a batch that changes nothing tells nobody', () => {
  const { run } = writer();
  run(create('a'));
  expect(run(spawn('b', 1), { ...spawn('a', 1), dry_run: true }).commit).toBeNull();
});

test('a cache of one host serves many', () => {
  const { run } = writer(1);
  expect(statuses(run(create('a'), create('b'), spawn('a', 1), spawn('b', 1), spawn('a', 1)))).toEqual([
    'done',
    'done',
    'done',
    'done',
    'refused',
  ]);
});

test('a full disk fails the batch, not a command', () => {
  const { db, run } = writer();
  run(create('a'));
  db.pragma(`max_page_count = ${String(db.pragma('page_count', { simple: true }))}`);
  const comm = 'x'.repeat(100_000);
  expect(() => run({ host: 'a', command: { type: 'create_process', pid: 1, comm } })).toThrow('full');
  db.pragma('max_page_count = 1000000');
  expect(statuses(run(spawn('a', 1)))).toEqual(['done']);
});

test('a record that the schema does not take is a bug of its command alone', () => {
  const { run } = writer();
  const health = 'odd' as 'ok';
  const odd: Submission = {
    host: 'a',
    command: { type: 'create_dax_device', name: 'p', mode: health as never, size: 2 ** 28 },
  };
  expect(statuses(run(create('a'), odd, spawn('a', 1)))).toEqual([
    'done',
    expect.stringContaining('CHECK'),
    'done',
  ]);
});

test('what another process has written is seen', async () => {
  const harness = sqliteHarness();
  const store = await harness.open();
  await store.submit(create('a'));
  const other = openWriteConnection(harness.path);
  other.exec(`DELETE FROM hosts WHERE id = 'a'`);
  other.close();
  expect(await store.submit(spawn('a', 1))).toMatchObject({ refusal: { code: 'host_not_found' } });
  await harness.cleanup();
});

test('the writer runs with WAL and synchronous FULL, also after it has written', async () => {
  const harness = sqliteHarness();
  const store = await harness.open();
  await store.submit(create('a'));
  expect(await store.check()).toMatchObject({ journal_mode: 'wal', synchronous: 2 });
  await harness.cleanup();
});

test('a connection that would lose a commit is refused', () => {
  const db = new Sqlite(':memory:');
  expect(() => assertDurable(db)).toThrow('journal_mode is memory');
});

/** What the last of a batch was answered. */
function lastAnswer({ settled }: BatchResult): Record<string, unknown> {
  const last = settled.at(-1)!;
  if (!('submitted' in last) || last.submitted.status !== 'done') throw new Error(JSON.stringify(last));
  return last.submitted.answer as unknown as Record<string, unknown>;
}

/** A host `a` with a mapped device-dax `dax0.0`; its mapping. */
function mapped({ run }: Writer, kernel: 'v5.10' | 'v6.12'): string {
  const answer = lastAnswer(
    run(
      on({ type: 'create_host', name: 'a', kernel }),
      on({ type: 'create_dax_device', name: 'dax0.0', mode: 'devdax', size: 2 ** 26 }),
      on({ type: 'create_process', pid: 1, comm: 'a' }),
      on({ type: 'create_mapping', pid: 1, dax_device: 'dax0.0', flags: ['shared'], prot: 'rw', ...PLACE }),
    ),
  );
  const mapping = String(answer['id']);
  run(on({ type: 'access', mapping, kind: 'write', ...PLACE }));
  return mapping;
}

const on = (command: Submission['command']): Submission => ({ host: 'a', command });
const PLACE = { offset: 0, length: 2 ** 21 };
const UNBIND = on({ type: 'remove_dax_device', dax_device: 'dax0.0', trigger: 'unbind' });

test('a removal goes on to its end in the commit that begins it, a step an event', () => {
  const rig = writer();
  mapped(rig, 'v6.12');
  const { settled, commit } = rig.run(UNBIND);
  expect(settled).toMatchObject([{ submitted: { answer: { state: 'running' } } }]);
  expect(commit?.removals).toMatchObject([{ state: 'completed', before: null }]);
  const types = rig.db.prepare('SELECT type FROM events ORDER BY seq').pluck().all();
  expect(types.filter((type) => type === 'removal_step_done').length).toBeGreaterThan(2);
  expect(types.at(-1)).toBe('removal_completed');
});

test('a removal stands between two steps while somebody waits with a command for its host', () => {
  const rig = writer();
  const mapping = mapped(rig, 'v6.12');
  const read = on({ type: 'access', mapping, kind: 'read', ...PLACE });
  const { settled, commit } = rig.run(UNBIND, read);
  expect(settled).toMatchObject([{}, { submitted: { answer: { result: 'ok' } } }]);
  expect(commit?.removals).toMatchObject([{ state: 'running' }]);
});

test('a batch whose turn is over takes nothing more, and no step', () => {
  const rig = writer(2 ** 20, () => () => true);
  rig.run(create('a'));
  expect(rig.run(spawn('a', 1), spawn('a', 2)).settled).toHaveLength(1);
  expect(rig.run(spawn('a', 2)).settled).toMatchObject([{ submitted: { status: 'done' } }]);
});

test('what a command has woken goes on before the next command of the batch', () => {
  const rig = writer();
  const mapping = mapped(rig, 'v5.10');
  const pinned = on({ type: 'create_pin', pid: 1, mapping, kind: 'longterm', holder: 'xdp', ...PLACE });
  const pin = String(lastAnswer(rig.run(pinned))['id']);
  const [begun] = rig.run(UNBIND).commit!.removals;
  expect(begun).toMatchObject({ state: 'waiting' });
  const woken = rig.run(on({ type: 'unpin', pin }), on({ type: 'access', mapping, kind: 'read', ...PLACE }));
  expect(lastAnswer(woken)).toMatchObject({ result: 'signal' });
  expect(woken.commit?.removals).toMatchObject([
    { removal: begun!.removal, state: 'completed', before: 'waiting' },
  ]);
});
