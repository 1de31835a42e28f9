import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('a device says which removals wait for its lock, the first that came first', () => {
  const db = before(41);
  addHost(db);
  const device = db.prepare(
    `INSERT INTO dax_devices (host, id, uid, revision, mode, state, provider, record)
     VALUES ('h', @id, @id, 3, 'fsdax', 'removing', 'ACPI.NFIT', '{"revision":3}')`,
  );
  for (const id of ['pmem0', 'pmem1']) device.run({ id });
  const removal = db.prepare(
    `INSERT INTO removals (host, id, uid, revision, dax_device, kernel, "trigger", state, record)
     VALUES ('h', @id, @id, 3, 'pmem0', 'v7.3', 'unbind', @state, @record)`,
  );
  removal.run({ id: 'r-stuck', state: 'stuck', record: '{}' });
  for (const id of ['r-b', 'r-a']) removal.run({ id, state: 'waiting', record: '{"behind":"r-stuck"}' });
  removal.run({ id: 'r-pins', state: 'waiting', record: '{}' });
  migrateTo(db, 41);
  const rows = db.prepare<[], { id: string; revision: number; record: string }>(
    'SELECT id, revision, record FROM dax_devices ORDER BY id',
  );
  const told = rows.all().map(({ record, ...row }) => ({ ...row, ...(JSON.parse(record) as object) }));
  expect(told).toEqual([
    { id: 'pmem0', revision: 4, lock_waiters: [{ removal: 'r-b' }, { removal: 'r-a' }] },
    { id: 'pmem1', revision: 4, lock_waiters: [] },
  ]);
});
