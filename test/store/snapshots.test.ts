import { afterEach, beforeEach, expect, test } from 'vitest';
import { startExecutor } from '../../src/app/executor.ts';
import type { Command } from '../../src/engine/model/command.ts';
import type { Host } from '../../src/engine/model/host.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { refuse } from '../../src/engine/model/refusal.ts';
import { openReadConnection, type Connection } from '../../src/store/connection.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { prepareLoad } from '../../src/store/load.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { Store } from '../../src/store/port.ts';
import { prepareReplay } from '../../src/store/replay.ts';
import { hostIn, packContent, prepareDump, prepareReadContent } from '../../src/store/snapshot_content.ts';
import { KINDS } from '../../src/store/tables.ts';
import { until } from '../support/until.ts';
import { plainAs } from '../engine/kept_rig.ts';
import { mappedAndPinned, submitAll } from './support/scenario.ts';
import { sqliteHarness, type SqliteHarness } from './support/sqlite_harness.ts';

let harness: SqliteHarness;
let store: Store;
beforeEach(async () => {
  harness = sqliteHarness();
  store = await harness.open();
});
afterEach(async () => harness.cleanup());

function reading<T>(act: (db: Connection) => T): T {
  const db = openReadConnection(harness.path);
  try {
    return act(db);
  } finally {
    db.close();
  }
}

const loaded = (name: string): Host => reading((db) => prepareLoad(db)(name));

/** What is stored of a host is what its journal comes to. */
function expectReplayed(name: string): void {
  const host = loaded(name);
  const replayed = reading((db) => prepareReplay(db)(name));
  expect(plainAs(replayed, replayed)).toEqual(plainAs(host, host));
  for (const kind of KINDS)
    expect([...replayed.tables[kind].keys()], kind).toEqual([...host.tables[kind].keys()]);
}

/** What a client sends; whoever decides reads the state. */
const state = refuse('snapshot_not_found', 'it was not read');

async function done(host: string, command: Command): Promise<unknown> {
  const submitted = await store.submit({ host, command });
  if (submitted.status !== 'done') throw new Error(JSON.stringify(submitted));
  return submitted.answer;
}

async function take(host: string): Promise<string> {
  return ((await done(host, { type: 'create_snapshot' })) as { readonly id: string }).id;
}

const SECOND_DEVICE: Command = { type: 'create_dax_device', name: 'pmem1', mode: 'fsdax', size: 2 ** 28 };
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A file of many extents, mapped in many entries; pages of every other one, so that none joins. */
const MANY: readonly Command[] = [
  { type: 'create_file', mount: 'm2', path: '/holes', size: 2 ** 22, sparse: true },
  ...Array.from({ length: 300 }, (_, at): Command => {
    const page = { offset: 2 * at * 4096, length: 4096, flags: ['shared'], prot: 'rw' } as const;
    return { type: 'create_mapping', pid: 42, file: 'f6', ...page, page_size: 4096, populate: 'write' };
  }),
];

test('[SNAP2] what a restore makes anew stands before what it was made before', async () => {
  const pin: Command = {
    type: 'create_pin',
    pid: 42,
    mapping: 'v4',
    offset: 0,
    length: 8192,
    kind: 'transient',
    holder: 'vmsplice',
  };
  await submitAll(store, 'node-a', [
    ...mappedAndPinned('node-a', 'v5.10'),
    pin,
    pin,
    { type: 'unpin', pin: 'p5' },
  ]);
  const snapshot = await take('node-a');
  await done('node-a', { type: 'unpin', pin: 'p6' });
  await done('node-a', { type: 'restore_host', snapshot, state });
  expect([...loaded('node-a').tables.pins.keys()]).toEqual(['p6', 'p7']);
  expectReplayed('node-a');
});

test.each(['v5.10', 'v6.12'] as const)(
  '[SNAP2] [SNAP3] on %s rows and journal of a restored and of a forked host are those of its state',
  async (kernel) => {
    await submitAll(store, 'node-a', mappedAndPinned('node-a', kernel));
    const before = loaded('node-a');
    const snapshot = await take('node-a');
    expect(plainAs(loaded('node-a'), before)).toEqual(plainAs(before, before));
    await done('node-a', { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' });
    await done('node-a', { type: 'create_process', pid: 99, comm: 'since' });
    await done('node-b', { type: 'fork_host', name: 'node-b', from: 'node-a', snapshot, state });
    await done('node-c', { type: 'fork_host', name: 'node-c', from: 'node-a', state });
    await done('node-a', { type: 'restore_host', snapshot, state });
    for (const name of ['node-a', 'node-b']) {
      expect(plainAs(loaded(name), before)).toEqual(plainAs(before, before));
      expectReplayed(name);
    }
    expectReplayed('node-c');
    await done('node-b', { type: 'reboot' });
    expectReplayed('node-b');
  },
);

test('[RM14] pages that a removal waits for are replayed, and count on from the state that is restored', async () => {
  const pin = { pid: 42, mapping: 'v4', length: 8192, kind: 'transient', holder: 'vmsplice' } as const;
  await submitAll(store, 'node-a', [
    ...mappedAndPinned('node-a', 'v5.10'),
    { type: 'create_pin', offset: 0, ...pin },
    { type: 'create_pin', offset: 40960, ...pin },
    { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' },
  ]);
  const report = () => loaded('node-a').tables.removals.first()!.report;
  for (let step = 0; step < 6; step += 1)
    await done('node-a', { type: 'advance_removal', removal: loaded('node-a').tables.removals.first()!.id });
  await done('node-a', { type: 'unpin', pin: 'p5' });
  expect(report()).toMatchObject({ pages_waited_for: { held: 4, still_held: 4 } });
  const snapshot = await take('node-a');
  for (let time = 0; time < 2; time += 1) {
    await done('node-a', { type: 'unpin', pin: 'p7' });
    expect(report()).toMatchObject({ pages_waited_for: { held: 4, still_held: 2 } });
    expectReplayed('node-a');
    await done('node-a', { type: 'restore_host', snapshot, state });
    expect(report()).toMatchObject({ pages_waited_for: { held: 4, still_held: 4 } });
    expectReplayed('node-a');
  }
});

test('[SNAP1] extents and entries that stand apart are kept, and come back', async () => {
  await submitAll(store, 'node-a', mappedAndPinned('node-a', 'v6.12').slice(0, 4));
  const made = loaded('node-a');
  const file = `f${String(made.tables.hosts.first()!.next_id)}`;
  const commands = MANY.map((command) => ('file' in command ? { ...command, file } : command));
  await submitAll(store, 'node-a', [{ type: 'create_process', pid: 42, comm: 'many' }, ...commands]);
  const before = loaded('node-a');
  expect(before.extents.size).toBe(1);
  const snapshot = await take('node-a');
  await done('node-a', { type: 'exit_process', pid: 42 });
  await done('node-a', { type: 'unlink', file });
  await done('node-b', { type: 'fork_host', name: 'node-b', from: 'node-a', snapshot, state });
  await done('node-a', { type: 'restore_host', snapshot, state });
  for (const name of ['node-a', 'node-b']) {
    expect(plainAs(loaded(name), before)).toEqual(plainAs(before, before));
    expectReplayed(name);
  }
});

test('[SNAP6] removals that ran go on to their end, on a fork under other ids, and those begun since are gone', async () => {
  await store.close();
  // No step behind a command: a removal is running until somebody advances it.
  store = await harness.open({ turnMs: 0 });
  const remove = async (host: string, dax_device: string): Promise<string> =>
    ((await done(host, { type: 'remove_dax_device', dax_device, trigger: 'unbind' })) as RemovalRecord).id;
  const removal = (host: string, id: string) => store.get('removals', host, id);
  const completed = async (host: string, id: string): Promise<unknown> => {
    const ended = await until(
      () => removal(host, id),
      (told) => told?.state === 'completed',
    );
    const { verdict, steps, report } = ended!;
    return { verdict, steps, pages: report.pages };
  };
  await submitAll(store, 'node-a', [...mappedAndPinned('node-a', 'v6.12'), SECOND_DEVICE]);
  const ran = await remove('node-a', 'pmem0');
  const snapshot = await take('node-a');
  expect((await removal('node-a', ran))?.state).toBe('running');
  const executor = startExecutor(store, SILENT);
  try {
    await submitAll(store, 'node-c', mappedAndPinned('node-c', 'v6.12'));
    const undisturbed = await completed('node-c', await remove('node-c', 'pmem0'));
    await done('node-b', { type: 'fork_host', name: 'node-b', from: 'node-a', snapshot, state });
    const [other] = loaded('node-b').tables.removals.keys();
    expect(other).not.toBe(ran);
    expect(await completed('node-b', other!)).toEqual(undisturbed);

    await done('node-a', { type: 'reboot' });
    const since = await remove('node-a', 'pmem1');
    await completed('node-a', since);
    await done('node-a', { type: 'restore_host', snapshot, state });
    expect(await completed('node-a', ran)).toEqual(undisturbed);
    expect([...loaded('node-a').tables.removals.keys()]).toEqual([ran]);
    expect(await store.get('dax_devices', 'node-a', 'pmem1')).toMatchObject({
      state: 'bound',
      removal: null,
    });
  } finally {
    await executor.stop();
  }
});

test('[SNAP5] a snapshot of an older schema is read by the migrations that have come since', () => {
  const old = new Sqlite(':memory:');
  migrate(old, undefined, 49);
  const { columns, values } = OLD_HOST;
  old.exec(`INSERT INTO hosts (${columns}) VALUES (${values})`);
  old.exec('INSERT INTO host_counts (host, revision, next_id) VALUES (1, 7, 3)');
  const dump = prepareDump(old)('node-old');
  old.close();
  const { schema_version } = JSON.parse(dump) as { readonly schema_version: number };
  const host = hostIn(packContent(dump));
  expect([schema_version, [...host.tables.hosts.keys()]]).toEqual([49, ['node-old']]);
  expect(host.tables.hosts.get('node-old')).toMatchObject({ revision: 7, next_id: 3, kernel: 'v6.1' });
});

const OLD_HOST = {
  columns: 'key, id, uid_hi, uid_lo, kernel, health, record',
  values: `1, 'node-old', 1, 2, 'v6.1', 'ok', '{"revision":null,"name":"node-old","host":"node-old","kernel":"v6.1","next_id":null}'`,
};

test('[SNAP1] with a snapshot its content goes, and with a host its snapshots', async () => {
  await submitAll(store, 'node-a', mappedAndPinned('node-a', 'v6.12'));
  const [first, second] = [await take('node-a'), await take('node-a')];
  const has = (id: string): boolean => reading((db) => prepareReadContent(db)('node-a', id) !== null);
  await done('node-a', { type: 'delete_snapshot', snapshot: first });
  expect([has(first), has(second)]).toEqual([false, true]);
  await done('node-a', { type: 'delete_host' });
  const chunks = reading((db) => db.prepare('SELECT count(*) FROM snapshot_chunks').pluck().get());
  expect([has(second), chunks]).toEqual([false, 0]);
});
