import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('removals keep their rows and their keys, also one that is gone, and take the words that are new', () => {
  const db = before(12);
  addHost(db, 'a', { kernel: 'v6.1' });
  const insert =
    db.prepare(`INSERT INTO removals (host, id, uid, revision, dax_device, kernel, "trigger", state, verdict, record)
    VALUES ('a', @id, @id, 3, 'pmem0', 'v6.1', 'unbind', @state, @verdict, '{"kept":true}')`);
  insert.run({ id: 'r1', state: 'completed', verdict: 'exposed' });
  insert.run({ id: 'r2', state: 'waiting', verdict: null });
  insert.run({ id: 'r3', state: 'stuck', verdict: 'unsafe' });
  db.exec(`DELETE FROM removals WHERE id = 'r3'`);
  const rows = db.prepare('SELECT * FROM removals ORDER BY key');
  const stored = rows.all();
  migrateTo(db, 46);
  expect(db.prepare('SELECT * FROM removals ORDER BY key').all()).toEqual(stored);
  insert.run({ id: 'r4', state: 'undetermined', verdict: 'undetermined' });
  expect(db.prepare(`SELECT key FROM removals WHERE state = 'undetermined'`).pluck().get()).toBe(4);
  expect(() => insert.run({ id: 'r5', state: 'unheard', verdict: null })).toThrow('CHECK');
});

test('where there never was a removal the first gets the first key', () => {
  const db = before(12);
  migrateTo(db, 46);
  expect(db.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'removals'`).get()).toBeUndefined();
});
