import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test.each([
  ['a devdax that is bound', { mode: 'devdax', state: 'bound', provider: 'hmem' }, []],
  ['an unbound devdax of a pmem', { mode: 'devdax', state: 'unbound', provider: 'ACPI.NFIT' }, []],
  ['what kmem had', { mode: 'system-ram', state: 'unbound', provider: 'ACPI.NFIT' }, ['kmem']],
  [
    'an unbound devdax of soft-reserved memory',
    { mode: 'devdax', state: 'unbound', provider: 'hmem' },
    ['device_dax'],
  ],
  [
    'an unbound devdax of CXL ram',
    { mode: 'devdax', state: 'unbound', provider: 'CXL', cxl_region: 'region0' },
    ['device_dax'],
  ],
])('%s keeps the ids that it may have had', (_, device, driver_ids) => {
  const db = before(32);
  addHost(db);
  const { mode, state, provider } = device;
  db.prepare(
    `INSERT INTO dax_devices (host, id, uid, revision, mode, state, provider, record) VALUES ('h', 'd', 'd', 3, ?, ?, ?, ?)`,
  ).run(mode, state, provider, JSON.stringify({ revision: 3, ...device }));
  migrateTo(db, 32);
  const record = db.prepare<[], string>('SELECT record FROM dax_devices').pluck().get() ?? '';
  expect(JSON.parse(record)).toEqual({ ...device, revision: 4, driver_ids });
});
