import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { Event } from '../../src/engine/model/event.ts';
import type { Host } from '../../src/engine/model/host.ts';
import { emptyHost } from '../../src/engine/model/apply.ts';
import { applyAll } from '../../src/store/applied.ts';
import type { Connection } from '../../src/store/connection.ts';
import { COUNT_TABLES } from '../../src/store/counters.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { migrate } from '../../src/store/migrate.ts';
import { prepareProject } from '../../src/store/project.ts';
import { recount } from '../../src/store/recount.ts';
import type { Store } from '../../src/store/port.ts';
import { anyStory, play } from '../engine/fleet.ts';
import { importing } from '../engine/importing.ts';
import { machine } from '../engine/support.ts';
import { cases } from '../support/property.ts';
import { before } from './support/before.ts';
import { memoryWriter } from './support/memory_writer.ts';
import { sqliteHarness } from './support/sqlite_harness.ts';

const NOTHING = [[], [], [], []];

function countsIn(db: Connection): readonly unknown[][][] {
  return Object.keys(COUNT_TABLES).map(
    (name) => db.prepare(`SELECT * FROM counts_by_${name}`).raw().all() as unknown[][],
  );
}

/** What was counted is what a count of the rows finds. */
function expectCounted(db: Connection): void {
  const kept = countsIn(db);
  recount(db);
  expect(kept).toEqual(countsIn(db));
}

test('[FLEET1] after each command of any story what was counted is what there is', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anyStory, (story) => {
      const db = new Sqlite(':memory:');
      db.pragma('foreign_keys = ON');
      migrate(db);
      const project = prepareProject(db);
      const host: Host = emptyHost();
      let stored = 0;
      const storeAll = (events: readonly Event[]): void => {
        project('h', host, applyAll(host, structuredClone(events.slice(stored))));
        stored = events.length;
        expectCounted(db);
      };
      const { events } = play(story, (made) => storeAll(made.events));
      storeAll(events);
      for (const word of countsIn(db)[0]!) seen.add(word.slice(0, 3).join(' '));
    }),
    cases(50),
  );
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'removals state/verdict completed/exposed',
      'removals state/verdict completed/contained',
      'removals state/verdict stuck/unsafe',
      'removals state/verdict waiting/none',
      'exposures open 0',
      'exposures open 1',
      'dax_devices state gone',
    ]),
  );
}, 120_000);

test('what is counted anew is counted by indexes: no record is read but of removals that have not completed', () => {
  const db = new Sqlite(':memory:');
  migrate(db);
  const exec = vi.spyOn(db, 'exec');
  recount(db);
  const counting = exec.mock.calls.map(([sql]) => sql).filter((sql) => sql.startsWith('INSERT'));
  expect(counting).toHaveLength(Object.keys(COUNT_TABLES).length);
  const reads = counting.flatMap((sql) =>
    db
      .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => detail)
      .filter((detail) => /^(SCAN|SEARCH) (?!\(subquery|counts_by)/.test(detail)),
  );
  const few = /USING (COVERING INDEX|INTEGER PRIMARY KEY)|USING INDEX removals_by_state \(state=\?\)$/;
  for (const detail of reads) expect(detail).toMatch(few);
  db.close();
});

const device = (name: string, tenant: string | null = null): Command => ({
  type: 'create_dax_device',
  name,
  mode: 'devdax',
  size: 2 ** 28,
  tenant,
});

/** A writer whose counts are looked at after each batch. */
function writer() {
  const { db, transact } = memoryWriter();
  const run = (host: string, ...commands: readonly Command[]): void => {
    const { settled } = transact(commands.map((command) => ({ host, command })));
    for (const each of settled) expect(each).toMatchObject({ submitted: { status: 'done' } });
    expectCounted(db);
  };
  return { db, run };
}

test('[FLEET1] devices are counted by the kernel that their host has now, and go with it', () => {
  const { db, run } = writer();
  const releases = () => countsIn(db)[3];
  run('a', { type: 'create_host', name: 'a', kernel: 'v6.12' }, device('dax0.0', 'red'), device('dax1.0'));
  run('b', { type: 'create_host', name: 'b', kernel_release: '6.8.0' }, device('dax0.0', 'red'));
  expect(releases()).toEqual([['resolved', '6.8.0', 1, 1]]);
  run('a', { type: 'patch_host', kernel_release: '6.8.0' });
  expect(releases()).toEqual([['resolved', '6.8.0', 2, 3]]);
  run(
    'a',
    { type: 'delete_dax_device', dax_device: 'dax1.0' },
    device('dax2.0', 'blue'),
    device('dax3.0', 'blue'),
  );
  expect(countsIn(db)[2]).toEqual([
    ['blue', 2, 0, 0],
    ['red', 2, 0, 0],
  ]);
  run('a', { type: 'reboot', kernel: 'v7.3' });
  expect(releases()).toEqual([['resolved', '6.8.0', 1, 1]]);
  run('a', { type: 'delete_host' }, { type: 'create_host', name: 'a', kernel: 'v6.1' }, device('dax0.0'));
  run('a', { type: 'delete_host' });
  run('b', { type: 'delete_host' });
  expect(countsIn(db)).toEqual(NOTHING);
});

test('what is rolled back is not counted, neither then nor later', () => {
  const { db, transact } = memoryWriter();
  transact([{ host: 'a', command: { type: 'create_host', name: 'a', kernel: 'v6.12' } }]);
  const before = countsIn(db);
  db.exec(`CREATE TRIGGER fails BEFORE INSERT ON counts_by_host BEGIN SELECT RAISE(ABORT, 'a bug'); END`);
  expect(transact([{ host: 'a', command: device('dax0.0') }]).settled).toMatchObject([{ error: {} }]);
  expect(countsIn(db)).toEqual(before);
  db.exec('DROP TRIGGER fails');
  transact([{ host: 'a', command: device('dax1.0') }]);
  expectCounted(db);
  expect(countsIn(db)[1]).toEqual([[1, 1, 0, 0]]);
});

test('a command writes each count once, however much it makes, and none where nobody counts that', () => {
  const { db, run } = writer();
  run('a', { type: 'create_host', name: 'a', kernel: 'v6.12' });
  db.exec('CREATE TEMP TABLE written (name TEXT NOT NULL) STRICT');
  for (const name of Object.keys(COUNT_TABLES))
    for (const verb of ['INSERT', 'UPDATE'])
      db.exec(`CREATE TEMP TRIGGER ${name}_${verb} AFTER ${verb} ON counts_by_${name}
        BEGIN INSERT INTO written VALUES ('${name}'); END`);
  const written = db.prepare<[], number>('SELECT count(*) FROM temp.written').pluck();
  const project = prepareProject(db);
  const { host, events, run: play } = machine('v6.12');
  const stored = emptyHost();
  const writes = (command: Command): number => {
    const [from, before] = [events.length, written.get()!];
    play(command);
    project('h', stored, applyAll(stored, structuredClone(events.slice(from))));
    return written.get()! - before;
  };
  const listed = (name: string, count: number) =>
    importing(
      Array.from({ length: count }, (_, at) => {
        const change = 'created' as const;
        return { name: `${name}${String(at)}.0`, mode: 'devdax', size: 2 ** 28, change };
      }),
    );
  project('h', stored, applyAll(stored, structuredClone(events)));
  const few = writes(listed('few', 3));
  expect(few).toBeGreaterThan(0);
  expect(writes(listed('many', 300))).toBe(few);
  expect(host.tables.dax_devices.size).toBe(303);
  expect(writes({ type: 'create_process', pid: 1, comm: 'a' })).toBe(0);
  const mapping = {
    pid: 1,
    dax_device: 'few0.0',
    flags: ['shared'],
    prot: 'rw',
    offset: 0,
    length: 2 ** 21,
  } as const;
  expect(writes({ type: 'create_mapping', ...mapping, populate: 'write' })).toBe(0);
});

test('a database from before there were counts has them when it is opened, and after what others write to it', async () => {
  const harness = sqliteHarness(null);
  const old = before(49);
  old.exec(
    `INSERT INTO hosts (key, id, uid_lo, kernel, health, record) VALUES (9, 'a', 'a', 'v6.12', 'ok', '{}')`,
  );
  old.exec(`INSERT INTO dax_devices (key, host, id, uid_lo, revision, mode, state, tenant, record)
    VALUES (9, 9, 'dax0.0', 'd', 1, 'devdax', 'bound', 'red', '{}')`);
  old.exec(`VACUUM INTO '${harness.path}'`);
  old.close();
  const countDevices = async (store: Store) => (await store.countFleet()).by_tenant;
  try {
    const store = await harness.open();
    expect(await countDevices(store)).toEqual([{ tenant: 'red', dax_devices: 1, open_exposures: 0 }]);
    const foreign = new Sqlite(harness.path);
    foreign.exec(`UPDATE dax_devices SET tenant = 'blue'`);
    await store.submit({ host: 'b', command: { type: 'create_host', name: 'b', kernel: 'v6.1' } });
    expect(await countDevices(store)).toEqual([{ tenant: 'blue', dax_devices: 1, open_exposures: 0 }]);
    await store.close();
    foreign.exec(`UPDATE dax_devices SET tenant = NULL`);
    foreign.close();
    expect(await countDevices(await harness.open())).toEqual([
      { tenant: null, dax_devices: 1, open_exposures: 0 },
    ]);
  } finally {
    await harness.cleanup();
  }
});
