import { expect, test } from 'vitest';
import { CxlMemdev } from '../../src/http/schemas/cxl.ts';
import { HotplugEvent } from '../../src/http/schemas/hotplug_event.ts';
import { migrate } from '../../src/store/migrate.ts';
import { addHost, before, migrateTo } from './support/before.ts';

const UID = '01a20875-60f7-71dd-93a4-a825a52209c';

test('hotplug events that were stored are told in the words of today, and their keys stay', () => {
  const db = before(3);
  addHost(db, 'a');
  const insert = db.prepare(
    `INSERT INTO hotplug_events (host, id, uid, revision, dax_device, action, record) VALUES ('a', @id, @id, 1, 'pmem0', @action, @record)`,
  );
  const stored = [
    ['surprise_remove', null],
    ['orderly_remove', null],
    ['replace', { serial: '0x2', size: 4096 }],
    ['add', { size: 4096 }],
  ] as const;
  for (const [at, [action, media]] of [...stored, stored[0]].entries()) {
    const id = `${UID}${String(at)}`;
    const record = { uid: id, revision: 1, host: 'a', id, action, dax_device: 'pmem0', media, removal: null };
    insert.run({ id, action, record: JSON.stringify({ ...record, at: '2026-01-01T00:00:00Z' }) });
  }
  db.exec('DELETE FROM hotplug_events WHERE key = 5');
  migrateTo(db, 46);
  const rows = db.prepare<[], { key: number; action: string; record: string }>(
    'SELECT * FROM hotplug_events',
  );
  expect(
    rows.all().map(({ key, action, record }) => [key, action, HotplugEvent.parse(JSON.parse(record)).media]),
  ).toEqual([
    [1, 'surprise_removal', null],
    [2, 'orderly_removal', null],
    [3, 'replace', { media_serial: '0x2', size: 4096 }],
    [4, 'add', { size: 4096 }],
  ]);
  insert.run({ id: `${UID}9`, action: 'add', record: '{}' });
  expect(db.prepare('SELECT max(key) FROM hotplug_events').pluck().get()).toBe(6);
});

test('memdevs and regions that were stored say their id', () => {
  const db = before(5);
  addHost(db, 'a');
  const memdev = {
    ...{ uid: `${UID}0`, revision: 1, host: 'a', name: 'mem3', serial: null, pci: null, pmem_size: 4096 },
    ...{ ram_size: 0, numa_node: null, state: 'enabled', nmem: 'nmem3', committed_with_zero_size: false },
    left_region: null,
  };
  db.prepare(
    `INSERT INTO cxl_memdevs (host, id, uid, revision, state, record) VALUES ('a', 'mem3', 'm', 1, 'enabled', ?)`,
  ).run(JSON.stringify(memdev));
  db.exec(`INSERT INTO cxl_regions (host, id, uid, revision, type, state, decode_state, record)
    VALUES ('a', 'region7', 'r', 1, 'pmem', 'enabled', 'commit', '{}')`);
  migrate(db);
  const record = (kind: string) =>
    JSON.parse(db.prepare<[], string>(`SELECT record FROM ${kind}`).pluck().get() ?? '') as object;
  expect(CxlMemdev.parse(record('cxl_memdevs')).id).toBe('mem3');
  expect(record('cxl_regions')).toEqual({
    id: 'region7',
    revision: 3,
    type: 'pmem',
    type_as_listed: null,
  });
});
