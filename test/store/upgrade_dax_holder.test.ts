import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('of stored mounts the first xfs of a device with struct pages holds it, at every path', () => {
  const db = before(27);
  addHost(db);
  const device = db.prepare(
    `INSERT INTO dax_devices (host, id, uid, revision, mode, state, record) VALUES ('h', @name, @name, 1, @mode, 'bound', @record)`,
  );
  for (const [name, mode, map] of [
    ['pmem0', 'fsdax', 'dev'],
    ['pmem1', 'raw', null],
    ['pmem2', 'fsdax', 'mem'],
  ] as const) {
    device.run({ name, mode, record: JSON.stringify({ name, mode, map }) });
  }
  const mount = db.prepare(
    `INSERT INTO mounts (host, id, uid, revision, dax_device, fs_type, state, fs_state, file_system, record)
     VALUES ('h', @id, @id, 3, @dax_device, @fs_type, 'mounted', 'alive', @file_system, @record)`,
  );
  const rows = [
    ['m1', 'pmem0', 'ext4', 's1', 0, false],
    ['m2', 'pmem0', 'xfs', 's2', 0, true],
    ['m3', 'pmem0', 'xfs', 's3', 0, false],
    ['m4', 'pmem0', 'xfs', 's2', 0, true],
    ['m5', 'pmem0', 'xfs', 's3', 1, true],
    ['m6', 'pmem1', 'xfs', 's4', 0, false],
    ['m7', 'pmem2', 'xfs', 's5', 0, true],
  ] as const;
  for (const [id, dax_device, fs_type, file_system, device_instance] of rows) {
    const record = JSON.stringify({ id, revision: 3, device_instance });
    mount.run({ id, dax_device, fs_type, file_system, record });
  }
  migrateTo(db, 27);
  const stored = db
    .prepare<[], { revision: number; record: string }>('SELECT * FROM mounts ORDER BY id')
    .all();
  expect(stored.map(({ revision, record }) => [revision, JSON.parse(record) as unknown])).toEqual(
    rows.map(([id, , , , device_instance, dax_holder]) => [
      4,
      { id, revision: 4, device_instance, dax_holder },
    ]),
  );
});
