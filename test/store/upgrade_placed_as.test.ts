import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('stored devices are where they are in their present layout, as far as is known', () => {
  const db = before(25);
  addHost(db);
  db.exec(
    `INSERT INTO dax_devices (host, id, uid, revision, mode, state, provider, record)
       VALUES ('h', 'pmem0', 'd', 3, 'sector', 'bound', 'ACPI.NFIT', '{"revision":3,"size":4096}');`,
  );
  migrateTo(db, 25);
  const record = db.prepare<[], string>('SELECT record FROM dax_devices').pluck().get() ?? '';
  expect(JSON.parse(record)).toEqual({ revision: 4, size: 4096, placed_as: null });
});
