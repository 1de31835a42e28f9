import { expect, test } from 'vitest';
import { before, migrateTo } from './support/before.ts';

test('what was detached where no grace period ends is kept by its umount', () => {
  const db = before(37);
  const host = db.prepare(
    `INSERT INTO hosts (host, id, uid, revision, kernel, kernel_release, health, record)
     VALUES (@host, @host, @host, 4, 'v7.3', NULL, 'ok', @record)`,
  );
  const mount = db.prepare(
    `INSERT INTO mounts (host, id, uid, revision, dax_device, fs_type, state, fs_state, file_system, path, record)
     VALUES (@host, @state, @host || @state, 3, 'pmem0', 'ext4', @state, 'alive', 's1', '/mnt', '{"revision":3}')`,
  );
  for (const [name, stuck] of [
    ['well', []],
    ['dead', ['rcu']],
    ['other', ['dax_srcu']],
  ] as const) {
    host.run({ host: name, record: JSON.stringify({ stuck }) });
    for (const state of ['mounted', 'lazy']) mount.run({ host: name, state });
  }
  migrateTo(db, 37);
  const blocked = db.prepare(
    `SELECT host, state, revision, record ->> '$.revision' AS told FROM mounts WHERE record ->> '$.umount_blocked'`,
  );
  expect(blocked.all()).toEqual([{ host: 'dead', state: 'lazy', revision: 4, told: 4 }]);
  expect(db.prepare(`SELECT count(*) FROM mounts WHERE revision = 4`).pluck().get()).toBe(6);
});
