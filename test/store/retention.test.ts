import { expect, test } from 'vitest';
import { Sqlite } from '../../src/store/driver.ts';
import { migrate } from '../../src/store/migrate.ts';
import { memoryWriter } from './support/memory_writer.ts';
import { preparePurgeEvents, type Retention } from '../../src/store/retention.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2030, 0, 1);

/** A journal of events that are so many days old, and what is left of it after each purge. */
function journal(ages: readonly number[], retention: Retention) {
  const db = new Sqlite(':memory:');
  migrate(db);
  db.exec(`INSERT INTO host_names (key, name) VALUES (1, 'a')`);
  const insert = db.prepare(
    `INSERT INTO events (host, at_ms, type, subject, changes) VALUES (1, ?, 'host_changed', 'hosts/a', '[]')`,
  );
  for (const age of ages) insert.run(NOW_MS - age * DAY_MS);
  const purge = preparePurgeEvents(db, retention);
  const left = db.prepare<[], number>('SELECT seq FROM events ORDER BY seq').pluck();
  return { purge: () => purge(NOW_MS), left: () => left.all() };
}

const BOUNDS: readonly (readonly [string, readonly number[], Retention, readonly number[]])[] = [
  ['without bounds all are kept', [900, 800, 1], { days: null, events: null }, [1, 2, 3]],
  ['those that are too old go', [9, 8, 7, 1], { days: 7, events: null }, [3, 4]],
  ['those beyond the count go', [9, 8, 7, 1], { days: null, events: 3 }, [2, 3, 4]],
  ['what is past either bound goes', [9, 8, 2, 1], { days: 7, events: 1 }, [4]],
  ['a younger one keeps those behind it: a prefix goes', [9, 1, 8, 1], { days: 7, events: null }, [2, 3, 4]],
  ['the last stays, however old', [9, 8], { days: 7, events: 1 }, [2]],
  ['an empty journal stays so', [], { days: 1, events: 1 }, []],
];

test.each(BOUNDS)('%s', (_name, ages, retention, left) => {
  const rig = journal(ages, retention);
  expect([rig.purge(), rig.left()]).toEqual([false, left]);
});

test('a purge drops 1 000 at most, and says that more are past a bound', () => {
  const ages = Array.from({ length: 2_500 }, () => 9);
  for (const retention of [
    { days: 7, events: null },
    { days: null, events: 1 },
  ]) {
    const rig = journal(ages, retention);
    const purged = [rig.purge(), rig.left().length, rig.purge(), rig.left().length];
    expect(purged).toEqual([true, 1_500, true, 500]);
    expect([rig.purge(), rig.left()]).toEqual([false, [2_500]]);
  }
});

test('what is past its bounds is looked for again with the first change a minute later', () => {
  let ms = NOW_MS;
  const retention = { days: null, events: 3 };
  const { db, transact } = memoryWriter({ now: () => new Date(ms).toISOString(), retention });
  const left = db.prepare<[], number>('SELECT count(*) FROM events').pluck();
  const change = (n: string) => transact([{ host: 'h', command: { type: 'patch_host', labels: { n } } }]);
  transact([{ host: 'h', command: { type: 'create_host', name: 'h', kernel: 'v6.12' } }]);
  for (let n = 0; n < 9; n += 1) change(String(n));
  ms += 59_000;
  change('within');
  expect(left.get()).toBe(11);
  ms += 1_000;
  change('behind');
  expect(left.get()).toBe(4);
});
