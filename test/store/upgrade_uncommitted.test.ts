import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('what is shut down has aborted its journal, and nothing was freed of it', () => {
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

test.each([
  { of: 'what it shows, behind the removal', freed: 's1', order: ['gone', 'freed'], uncommitted: true },
  { of: 'what it shows, before the removal', freed: 's1', order: ['freed', 'gone'], uncommitted: false },
  { of: 'what another shows', freed: 's2', order: ['gone', 'freed'], uncommitted: false },
  { of: 'what it shows, its device there', freed: 's1', order: ['freed'], uncommitted: false },
])('a file without a name was freed of $of: uncommitted $uncommitted', ({ freed, order, uncommitted }) => {
  const db = before(39);
  addHost(db);
  db.exec(
    `INSERT INTO mounts (host, id, uid, revision, dax_device, fs_type, state, fs_state, file_system, path, record)
     VALUES ('h', 'm1', 'm1', 1, 'pmem0', 'ext4', 'mounted', 'alive', 's1', '/mnt', '{"revision":1,"journal":"live"}');
     INSERT INTO removals (host, id, uid, revision, dax_device, kernel, "trigger", state, record)
     VALUES ('h', 'r4', 'r4', 1, 'pmem0', 'v5.10', 'unbind', 'completed', '{}')`,
  );
  const event = db.prepare(
    `INSERT INTO events (id, host, type, subject, at, data, changes)
     VALUES (@subject || @type, 'h', @type, @subject, '2026-01-01T00:00:00Z', '{}', @changes)`,
  );
  const put = [{ op: 'put', kind: 'files', id: 'f1', record: { file_system: freed } }];
  event.run({ type: 'mount_created', subject: 'mounts/m1', changes: '[]' });
  event.run({ type: 'file_created', subject: 'files/f1', changes: JSON.stringify(put) });
  for (const what of order) {
    if (what === 'gone') event.run({ type: 'removal_completed', subject: 'removals/r4', changes: '[]' });
    else event.run({ type: 'file_deleted', subject: 'files/f1', changes: '[]' });
  }
  migrateTo(db, 39);
  const told = db.prepare(`SELECT record ->> '$.uncommitted' FROM mounts`).pluck().get();
  expect(told).toBe(uncommitted ? 1 : 0);
});
