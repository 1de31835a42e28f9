import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideAtOnce } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/model/command.ts';
import { Sqlite } from '../../src/store/driver.ts';
import type { Connection } from '../../src/store/connection.ts';
import { COUNT_TABLES } from '../../src/store/counters.ts';
import { prepareLoad } from '../../src/store/load.ts';
import { migrate } from '../../src/store/migrate.ts';
import { prepareDataVersion } from '../../src/store/data_version.ts';
import { recount } from '../../src/store/recount.ts';
import { prepareReplay } from '../../src/store/replay.ts';
import { KINDS } from '../../src/store/tables.ts';
import { anyStory, commandsOf } from '../engine/fleet.ts';
import { wholeOf } from '../engine/part.ts';
import { cases } from '../support/property.ts';
import { memoryWriter } from './support/memory_writer.ts';
import { sqliteHarness } from './support/sqlite_harness.ts';

/** A writer that decides a batch's command of that number wrong, once: what it had given as uids by then it gives again. */
function writer() {
  let uids = 0;
  let bug = { at: 0, uids: 0 };
  let met = 0;
  const { db, transact } = memoryWriter({
    uid: () => `uid-${String((uids += 1))}`,
    decide: (host, command, context) => {
      const decision = decideAtOnce(host, command, context);
      bug.at -= 1;
      if (bug.at !== 0) return decision;
      uids = bug.uids;
      met += 1;
      throw new TypeError('a bug');
    },
  });
  return {
    db,
    met: () => met,
    /** What becomes of a batch, but for how long that takes; `bugAt`: 1 is its first command. */
    run: (commands: readonly Command[], bugAt = 0) => {
      bug = { at: bugAt, uids };
      const { settled, commit } = transact(commands.map((command) => ({ host: 'h', command })));
      return { settled, commit };
    },
  };
}

/** All rows but their keys: those that a rollback took are not given again. */
function rowsIn(db: Connection): unknown {
  return [...KINDS, 'events'].map((table) =>
    db
      .prepare(`SELECT * FROM ${table} ORDER BY rowid`)
      .raw()
      .all()
      .map((row) => (row as unknown[]).slice(1)),
  );
}

function countsIn(db: Connection): unknown {
  return Object.keys(COUNT_TABLES).map((name) => db.prepare(`SELECT * FROM counts_by_${name}`).raw().all());
}

test('a bug that is met in the middle of a batch, and not again, leaves nothing behind', () => {
  let met = 0;
  fc.assert(
    fc.property(anyStory, fc.array(fc.nat(3), { minLength: 1 }), (story, sizes) => {
      const [sound, faulty] = [writer(), writer()];
      const left = commandsOf(story);
      for (let at = 0; left.length > 0; at += 1) {
        const size = sizes[at % sizes.length]!;
        const batch = left.splice(0, size + 1);
        expect(faulty.run(batch, batch.length)).toEqual(sound.run(batch));
      }
      expect(rowsIn(faulty.db)).toEqual(rowsIn(sound.db));
      const counted = countsIn(faulty.db);
      expect(counted).toEqual(countsIn(sound.db));
      recount(faulty.db);
      expect(countsIn(faulty.db)).toEqual(counted);
      expect(wholeOf(prepareReplay(faulty.db)('h'))).toEqual(wholeOf(prepareLoad(faulty.db)('h')));
      for (const kind of KINDS) {
        const last = faulty.db.prepare(`SELECT coalesce(max(key), 0) FROM ${kind}`).pluck().get();
        const next = faulty.db.prepare('SELECT next FROM next_keys WHERE kind = ?').pluck().get(kind);
        expect(Number(next ?? 1)).toBeGreaterThan(Number(last));
      }
      met += faulty.met();
    }),
    cases(30),
  );
  expect(met).toBeGreaterThan(100);
}, 120_000);

test('what others wrote is counted by the batch that is committed next, whether or not one was rolled back', async () => {
  const harness = sqliteHarness(null);
  const store = await harness.open();
  try {
    const device = { name: 'dax0.0', mode: 'devdax', size: 2 ** 28, tenant: 'red' } as const;
    await store.submit({ host: 'h', command: { type: 'create_host', name: 'h', kernel: 'v6.12' } });
    await store.submit({ host: 'h', command: { type: 'create_dax_device', ...device } });
    const foreign = new Sqlite(harness.path);
    foreign.exec(`UPDATE dax_devices SET tenant = 'blue'`);
    foreign.exec(`CREATE TRIGGER fails BEFORE INSERT ON processes BEGIN SELECT RAISE(ABORT, 'a bug'); END`);
    const failing = store.submit({ host: 'h', command: { type: 'create_process', pid: 1, comm: 'a' } });
    await expect(failing).rejects.toThrow('a bug');
    await store.submit({ host: 'h', command: { type: 'patch_host', labels: { a: '1' } } });
    expect((await store.countFleet()).by_tenant).toMatchObject([{ tenant: 'blue', dax_devices: 1 }]);
    foreign.close();
  } finally {
    await harness.cleanup();
  }
});

test('a purge that was rolled back is made by the next batch', () => {
  let [isFaulty, atMs] = [false, Date.parse('2030-01-01T00:00:00Z')];
  const { db, transact } = memoryWriter({
    now: () => new Date(atMs).toISOString(),
    retention: { days: null, events: 3 },
    decide: (host, command, context) => {
      if (isFaulty) throw new TypeError('a bug');
      return decideAtOnce(host, command, context);
    },
  });
  const run = (command: Command): unknown => transact([{ host: 'h', command }]);
  const events = db.prepare<[], number>('SELECT count(*) FROM events').pluck();
  run({ type: 'create_host', name: 'h', kernel: 'v6.12' });
  for (let pid = 1; pid < 12; pid += 1) run({ type: 'create_process', pid, comm: 'a' });
  atMs += 3_700_000;
  isFaulty = true;
  run({ type: 'create_process', pid: 50, comm: 'a' });
  isFaulty = false;
  run({ type: 'create_process', pid: 51, comm: 'a' });
  expect(events.get()).toBeLessThan(6);
});

test('rows of tenants that others left without a name are counted with those of nobody', () => {
  const db = new Sqlite(':memory:');
  migrate(db);
  db.exec(
    `INSERT INTO hosts (key, id, uid_lo, kernel, health, record) VALUES (1, 'h', 'h', 'v6.12', 'ok', '{}')`,
  );
  for (const [key, tenant] of [
    [1, null],
    [2, ''],
  ])
    db.prepare(
      `INSERT INTO dax_devices (key, host, id, uid_lo, revision, mode, state, tenant, record)
       VALUES (?, 1, ?, ?, 1, 'devdax', 'bound', ?, '{}')`,
    ).run(key, `dax${String(key)}.0`, `d${String(key)}`, tenant);
  expect(recount(db)).toBe(prepareDataVersion(db).get());
  expect(db.prepare('SELECT tenant, dax_devices FROM counts_by_tenant').raw().all()).toEqual([['', 2]]);
});
