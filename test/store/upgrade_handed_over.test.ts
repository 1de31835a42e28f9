import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('stored devices have no former tenants, and stored windows are onto another generation', () => {
  const db = before(14);
  addHost(db);
  db.exec(
    `INSERT INTO dax_devices (host, id, uid, revision, mode, state, provider, record)
       VALUES ('h', 'dax0.0', 'd', 3, 'devdax', 'bound', 'ACPI.NFIT', '{"revision":3,"tenant":"a"}');
     INSERT INTO exposures (host, id, uid, revision, dax_device, pid, open, record)
       VALUES ('h', 'e', 'e', 7, 'dax0.0', 42, 1, '{"revision":7,"pid":42}');`,
  );
  migrateTo(db, 14);
  const record = (table: string) =>
    JSON.parse(db.prepare<[], string>(`SELECT record FROM ${table}`).pluck().get() ?? '') as unknown;
  expect(record('dax_devices')).toEqual({ revision: 4, tenant: 'a', former_tenants: [] });
  expect(record('exposures')).toEqual({ revision: 8, pid: 42, reason: 'generation' });
});
