import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('stored devices are in the modes that they were in, and others can be in one that is not modelled', () => {
  const db = before(18);
  addHost(db);
  const insert = (key: number, id: string, mode: string) =>
    db
      .prepare(
        `INSERT INTO dax_devices (key, host, id, uid, revision, mode, state, record) VALUES (?, 'h', ?, ?, 3, ?, 'bound', ?)`,
      )
      .run(key, id, id, mode, JSON.stringify({ revision: 3, mode }));
  insert(7, 'dax0.0', 'devdax');
  insert(20, 'dax1.0', 'devdax');
  db.exec(`DELETE FROM dax_devices WHERE id = 'dax1.0'`);
  expect(() => insert(21, 'dax2.0', 'unknown')).toThrow('CHECK');
  migrateTo(db, 18);
  insert(21, 'dax2.0', 'unknown');
  expect(() => insert(22, 'dax3.0', 'famfs')).toThrow('CHECK');
  const rows = db
    .prepare<[], { key: number; revision: number; record: string }>(
      'SELECT key, revision, record FROM dax_devices ORDER BY key',
    )
    .all();
  expect(rows.map(({ key, revision, record }) => [key, revision, JSON.parse(record) as unknown])).toEqual([
    [7, 4, { revision: 4, mode: 'devdax', mode_as_listed: null }],
    [21, 3, { revision: 3, mode: 'unknown' }],
  ]);
  const sequence = `SELECT seq FROM sqlite_sequence WHERE name = 'dax_devices'`;
  expect(db.prepare<[], number>(sequence).pluck().get()).toBe(21);
});
