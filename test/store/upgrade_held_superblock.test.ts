import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('[S47] a removal that never comes to the end of an eviction says whose s_umount it has', () => {
  const db = before(38);
  addHost(db, 'h', { kernel: 'v7.3' });
  const removal = db.prepare(
    `INSERT INTO removals (host, id, uid, revision, dax_device, kernel, "trigger", state, record)
     VALUES ('h', @id, @id, 3, 'pmem0', 'v7.3', 'unbind', @state, @record)`,
  );
  const steps = (result: object): unknown[] => [
    { name: 'a', result: {} },
    { name: 'b', result },
  ];
  const held = { hangs_in: 'dax_break_layout', file_system: 's1' };
  for (const [id, state, result] of [
    ['holds', 'stuck', held],
    ['sleeps', 'stuck', { hangs_in: 'percpu_ref_kill' }],
    ['done', 'completed', {}],
  ] as const) {
    removal.run({ id, state, record: JSON.stringify({ revision: 3, steps: steps(result) }) });
  }
  migrateTo(db, 38);
  const told = db.prepare(
    `SELECT id, revision, record ->> '$.revision' AS told, record ->> '$.holds_s_umount_of' AS holds FROM removals`,
  );
  expect(told.all()).toEqual([
    { id: 'holds', revision: 4, told: 4, holds: 's1' },
    { id: 'sleeps', revision: 3, told: 3, holds: null },
    { id: 'done', revision: 3, told: 3, holds: null },
  ]);
});
