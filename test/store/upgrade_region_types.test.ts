import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('stored regions are of the types that they were of, and of none where another was listed', () => {
  const db = before(22);
  addHost(db);
  const insert = (key: number, id: string, type: string) =>
    db
      .prepare(
        `INSERT INTO cxl_regions (key, host, id, uid, revision, type, state, decode_state, size, record)
         VALUES (?, 'h', ?, ?, 3, ?, 'enabled', 'commit', 64, ?)`,
      )
      .run(key, id, id, type, JSON.stringify({ revision: 3, type }));
  const listed = (name: string, type?: string) => ({ name, parent: null, fields: { region: name, type } });
  const cxl_regions = [listed('region1', 'ram'), listed('region2', 'dynamic_ram_a'), listed('region3')];
  db.prepare(
    `INSERT INTO inventories (host, id, uid, revision, record) VALUES ('h', 'inventory', 'i', 1, ?)`,
  ).run(JSON.stringify({ record: { host: { cxl_regions } } }));
  insert(7, 'region0', 'pmem');
  insert(8, 'region1', 'ram');
  insert(9, 'region2', 'pmem');
  insert(10, 'region3', 'pmem');
  insert(20, 'region4', 'pmem');
  db.exec(`DELETE FROM cxl_regions WHERE id = 'region4'`);
  expect(() => insert(21, 'region5', 'unknown')).toThrow('CHECK');
  migrateTo(db, 22);
  insert(21, 'region5', 'unknown');
  expect(() => insert(22, 'region6', 'mixed')).toThrow('CHECK');
  const rows = db
    .prepare<[], { key: number; type: string; size: number; revision: number; record: string }>(
      'SELECT key, type, size, revision, record FROM cxl_regions ORDER BY key',
    )
    .all();
  expect(
    rows.map(({ key, type, size, revision, record }) => [
      key,
      type,
      size,
      revision,
      JSON.parse(record) as unknown,
    ]),
  ).toEqual([
    [7, 'pmem', 64, 4, { revision: 4, type: 'pmem', type_as_listed: null }],
    [8, 'ram', 64, 4, { revision: 4, type: 'ram', type_as_listed: null }],
    [9, 'unknown', 64, 4, { revision: 4, type: 'unknown', type_as_listed: 'dynamic_ram_a' }],
    [10, 'pmem', 64, 4, { revision: 4, type: 'pmem', type_as_listed: null }],
    [21, 'unknown', 64, 3, { revision: 3, type: 'unknown' }],
  ]);
  const sequence = `SELECT seq FROM sqlite_sequence WHERE name = 'cxl_regions'`;
  expect(db.prepare<[], number>(sequence).pluck().get()).toBe(21);
});
