import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('mounts stay as they are, and may be torn down without end from now on; no device has lost references', () => {
  const db = before(31);
  addHost(db);
  db.exec(
    `INSERT INTO mounts (host, id, uid, revision, dax_device, fs_type, state, fs_state, file_system, path, record)
       VALUES ('h', 'm1', 'a', 3, 'pmem0', 'ext4', 'lazy', 'alive', 's1', '/mnt', '{"revision":3}');
     INSERT INTO dax_devices (host, id, uid, revision, mode, state, provider, record)
       VALUES ('h', 'pmem0', 'd', 3, 'fsdax', 'bound', 'ACPI.NFIT', '{"revision":3}');
     DELETE FROM mounts;
     INSERT INTO mounts (host, id, uid, revision, dax_device, fs_type, state, fs_state, file_system, path, record)
       VALUES ('h', 'm2', 'b', 4, 'pmem0', 'ext4', 'lazy', 'alive', 's1', '/mnt', '{"revision":4}');`,
  );
  migrateTo(db, 31);
  expect(db.prepare('SELECT key, id, revision, state, path FROM mounts').all()).toEqual([
    { key: 2, id: 'm2', revision: 4, state: 'lazy', path: '/mnt' },
  ]);
  const record = db.prepare<[], string>('SELECT record FROM dax_devices').pluck().get() ?? '';
  expect(JSON.parse(record)).toEqual({ revision: 4, lost_refs: [], lost_ptes: [] });
  db.exec(`DELETE FROM mounts; UPDATE dax_devices SET revision = 5;
    INSERT INTO mounts (host, id, uid, revision, dax_device, fs_type, state, fs_state, file_system, path, record)
       VALUES ('h', 'm3', 'c', 1, 'pmem0', 'ext4', 'shutting_down', 'alive', 's1', '/mnt', '{}');`);
  expect(db.prepare('SELECT key FROM mounts').pluck().get()).toBe(3);
});
