import { expect, test } from 'vitest';
import { before, migrateTo } from './support/before.ts';

test('a host with a superblock that is never torn down says what that keeps', () => {
  const db = before(40);
  const host = db.prepare(
    `INSERT INTO hosts (host, id, uid, revision, kernel, kernel_release, health, record)
     VALUES (@host, @host, @host, 4, 'v7.3', NULL, 'ok', @record)`,
  );
  const mount = db.prepare(
    `INSERT INTO mounts (host, id, uid, revision, dax_device, fs_type, state, fs_state, file_system, path, record)
     VALUES (@host, @state, @host || @state, 3, 'pmem0', 'ext4', @state, 'alive', 's1', '/mnt', '{"revision":3}')`,
  );
  for (const [name, stuck, states] of [
    ['well', [], ['mounted', 'lazy']],
    ['hangs', [], ['mounted', 'shutting_down']],
    ['dead', ['rcu', 'dax_srcu'], ['shutting_down']],
  ] as const) {
    host.run({ host: name, record: JSON.stringify({ revision: 4, stuck }) });
    for (const state of states) mount.run({ host: name, state });
  }
  migrateTo(db, 40);
  const rows = db.prepare<[], { record: string }>('SELECT record FROM hosts ORDER BY host').all();
  expect(rows.map(({ record }) => JSON.parse(record) as unknown)).toEqual([
    { revision: 5, stuck: ['rcu', 'dax_srcu', 's_umount'] },
    { revision: 5, stuck: ['s_umount'] },
    { revision: 4, stuck: [] },
  ]);
});
