import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('a store is taken to have come since the device of a file went; every atime is due', () => {
  const db = before(34);
  addHost(db);
  const device = db.prepare(
    `INSERT INTO dax_devices (host, id, uid, revision, mode, state, record) VALUES ('h', ?, ?, 1, 'fsdax', 'bound', ?)`,
  );
  const mount = db.prepare(
    `INSERT INTO mounts (host, id, uid, revision, dax_device, path, fs_type, fs_state, state, file_system, record) VALUES
       ('h', ?, ?, 1, ?, '/mnt', 'ext4', 'alive', 'mounted', 's1', '{"device_instance":1}')`,
  );
  const file = db.prepare(
    `INSERT INTO files (host, id, uid, revision, mount, dax_device, file_system, path, record, entries) VALUES
       ('h', ?, ?, 3, ?, ?, 's1', '/f', '{"revision":3}', x'')`,
  );
  for (const [n, instance] of [1, 2].entries()) {
    const [pmem, m, f] = [`pmem${String(n)}`, `m${String(n)}`, `f${String(n)}`] as const;
    device.run(pmem, pmem, JSON.stringify({ instance }));
    mount.run(m, m, pmem);
    file.run(f, f, m, pmem);
  }
  migrateTo(db, 34);
  const records = db.prepare<[], string>('SELECT record FROM files ORDER BY id').pluck().all();
  expect(records.map((record): unknown => JSON.parse(record))).toEqual([
    { revision: 4, atime_due: true, uncommitted: false },
    { revision: 4, atime_due: true, uncommitted: true },
  ]);
});
