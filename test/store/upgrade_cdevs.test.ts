import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

/** Records of a table, behind the migration. */
function after(device: object, fill: string, table = 'dax_devices'): unknown[] {
  const db = before(35);
  addHost(db);
  db.prepare(
    `INSERT INTO dax_devices (host, id, uid, revision, mode, state, record) VALUES ('h', 'dax0.0', 'd', 3, 'devdax', 'bound', ?)`,
  ).run(JSON.stringify({ revision: 3, instance: 2, ...device }));
  db.exec(fill);
  migrateTo(db, 35);
  const records = db.prepare<[], string>(`SELECT record FROM ${table}`).pluck().all();
  return records.map((record): unknown => JSON.parse(record));
}

/** Two descriptors and two mappings of the node with three descriptions, one mapping of the node of before. */
const USED = `
  INSERT INTO open_files (host, id, uid, revision, pid, dax_device, file, record) VALUES
    ('h', 'o1', 'o', 4, 1, 'dax0.0', NULL, '{"revision":4,"description":"o1","device_instance":2}'),
    ('h', 'o2', 'p', 5, 2, 'dax0.0', NULL, '{"revision":5,"description":"o1","device_instance":2}');
  INSERT INTO mappings (host, id, uid, revision, pid, dax_device, record, entries) VALUES
    ('h', 'v3', 'v', 1, 1, 'dax0.0', '{"description":"v3","device_instance":2}', x''),
    ('h', 'v4', 'w', 1, 1, 'dax0.0', '{"description":"o1","device_instance":2}', x''),
    ('h', 'v5', 'x', 1, 1, 'dax0.0', '{"description":"v5","device_instance":1}', x''),
    ('h', 'v6', 'y', 1, 1, 'dax0.0', '{"description":null,"device_instance":2}', x'');`;

test.each([
  ['of device_dax', 'devdax', 'device_dax', true, [{ instance: 2, refs: 3, opens: 2, dangling: false }]],
  ['of kmem', 'system-ram', 'kmem', true, [{ instance: 2, refs: 2, opens: 2, dangling: false }]],
  ['without a driver', 'devdax', null, true, [{ instance: 2, refs: 2, opens: 2, dangling: false }]],
  ['whose parent is not bound', 'devdax', null, false, []],
  ['that is a block device', 'fsdax', 'nd_pmem', true, []],
])('a device %s counts each description once, and the driver', (_, mode, driver, parent_bound, cdevs) => {
  expect(after({ mode, driver, parent_bound }, USED)).toEqual([
    { revision: 4, instance: 2, mode, driver, parent_bound, cdevs },
  ]);
});

test('nobody had opened a node that was not alive, nor had a host warned of an underflow', () => {
  const device = { mode: 'devdax', driver: 'device_dax', parent_bound: true };
  expect(after(device, USED, 'open_files')).toEqual([
    { revision: 5, description: 'o1', device_instance: 2, opened_dead: false },
    { revision: 6, description: 'o1', device_instance: 2, opened_dead: false },
  ]);
  expect(after(device, '', 'hosts')).toEqual([{ revision: 2, underflow_warned: false }]);
});
