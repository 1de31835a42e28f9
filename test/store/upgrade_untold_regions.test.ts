import { expect, test } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { addHost, before } from './support/before.ts';

test('what no listing told of a stored region is null, what one told or a request made stays', () => {
  const db = before(23);
  addHost(db);
  const insert = (id: string, size: number, interleave_ways: number) =>
    db
      .prepare(
        `INSERT INTO cxl_regions (host, id, uid, revision, type, state, decode_state, size, record)
         VALUES ('h', ?, ?, 3, 'ram', 'enabled', 'commit', ?, ?)`,
      )
      .run(id, id, size, JSON.stringify({ revision: 3, size, interleave_ways }));
  const listed = (name: string, told: object) => ({ name, parent: null, fields: { region: name, ...told } });
  const cxl_regions = [
    listed('told', { size: 64, interleave_ways: 2 }),
    listed('zero', { size: 0, interleave_ways: 2 }),
    listed('bare', {}),
    listed('committed', {}),
    listed('rounded', { size: '1.00 GiB (1.07 GB)' }),
  ];
  db.prepare(
    `INSERT INTO inventories (host, id, uid, revision, record) VALUES ('h', 'inventory', 'i', 1, ?)`,
  ).run(JSON.stringify({ record: { host: { cxl_regions } } }));
  insert('told', 64, 2);
  insert('zero', 0, 2);
  insert('bare', 0, 1);
  insert('committed', 64, 1);
  insert('rounded', 2 ** 30, 1);
  insert('made', 0, 1);
  migrate(db);
  const rows = db
    .prepare<[], { revision: number; record: string }>(
      'SELECT revision, record FROM cxl_regions ORDER BY key',
    )
    .all();
  expect(rows.map(({ revision, record }) => [revision, JSON.parse(record) as unknown])).toEqual([
    [3, { revision: 3, size: 64, interleave_ways: 2 }],
    [3, { revision: 3, size: 0, interleave_ways: 2 }],
    [4, { revision: 4, size: null, interleave_ways: null }],
    [4, { revision: 4, size: 64, interleave_ways: null }],
    [4, { revision: 4, size: 2 ** 30, interleave_ways: null }],
    [3, { revision: 3, size: 0, interleave_ways: 1 }],
  ]);
});
