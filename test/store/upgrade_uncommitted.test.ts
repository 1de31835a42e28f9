import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('what is shut down has aborted its journal, and nothing is known to be left to commit', () => {
  const db = before(39);
  addHost(db);
  const mount = db.prepare(
    `INSERT INTO mounts (host, id, uid, revision, dax_device, fs_type, state, fs_state, file_system, path, record)
     VALUES ('h', @fs_type || @fs_state, @fs_type || @fs_state, 3, 'pmem0', @fs_type, 'mounted', @fs_state, 's1', '/mnt', '{"revision":3,"journal":"live"}')`,
  );
  for (const fs_type of ['ext4', 'xfs'])
    for (const fs_state of ['alive', 'shutdown']) mount.run({ fs_type, fs_state });
  migrateTo(db, 39);
  const told = db.prepare(`SELECT id, revision, record FROM mounts ORDER BY id`).all() as {
    readonly id: string;
    readonly revision: number;
    readonly record: string;
  }[];
  expect(told.map(({ id, revision, record }) => [id, revision, JSON.parse(record) as unknown])).toEqual([
    ['ext4alive', 4, { revision: 4, journal: 'live', uncommitted: false }],
    ['ext4shutdown', 4, { revision: 4, journal: 'aborted', uncommitted: false }],
    ['xfsalive', 4, { revision: 4, journal: 'live', uncommitted: false }],
    ['xfsshutdown', 4, { revision: 4, journal: 'live', uncommitted: false }],
  ]);
});
