import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

interface Row {
  readonly id: string;
  readonly revision: number;
  readonly provider: string;
  readonly source: string | null;
}

test('a stored device says how its CXL region is known, and keeps its key', () => {
  const db = before(15);
  addHost(db);
  const insert = db.prepare(
    `INSERT INTO dax_devices (key, host, id, uid, revision, mode, state, provider, record)
     VALUES (?, 'h', ?, ?, 3, 'devdax', 'bound', 'CXL', ?)`,
  );
  const regions = { 'dax0.0': 'region0', 'dax1.0': 'region1', 'dax2.0': 'region2', 'dax3.0': null };
  for (const [at, [name, cxl_region]] of Object.entries(regions).entries()) {
    insert.run(7 + at, name, `u${String(at)}`, JSON.stringify({ revision: 3, cxl_region }));
  }
  db.exec(`DELETE FROM dax_devices WHERE id = 'dax3.0'`);
  insert.run(20, 'dax4.0', 'u9', JSON.stringify({ revision: 3, cxl_region: null }));
  db.exec(`DELETE FROM dax_devices WHERE id = 'dax4.0'`);
  const listed = (name: string, dax_region: object | null) => ({ name, listed: { dax_region } });
  const path = '/platform/ACPI0017:00/root0/decoder0.0/region0/dax_region0';
  const devices = [listed('dax0.0', { path }), listed('dax1.0', null)];
  db.prepare(
    `INSERT INTO inventories (host, id, uid, revision, record) VALUES ('h', 'inventory', 'i', 1, ?)`,
  ).run(JSON.stringify({ record: { devices } }));
  migrateTo(db, 15);
  const rows = db
    .prepare<[], Row>(
      `SELECT id, revision, provider, record ->> '$.cxl_region_from' AS source FROM dax_devices ORDER BY key`,
    )
    .all();
  expect(rows).toEqual([
    { id: 'dax0.0', revision: 4, provider: 'CXL', source: 'listed' },
    { id: 'dax1.0', revision: 4, provider: 'CXL', source: 'derived' },
    { id: 'dax2.0', revision: 4, provider: 'CXL', source: 'listed' },
  ]);
  const seq = db
    .prepare<[], number>(`SELECT seq FROM sqlite_sequence WHERE name = 'dax_devices'`)
    .pluck()
    .get();
  expect(seq).toBe(20);
});
