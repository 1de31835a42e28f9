import { expect, test } from 'vitest';
import type { Kind } from '../../src/engine/model/host.ts';
import { DaxDevice } from '../../src/http/schemas/dax_device.ts';
import { File } from '../../src/http/schemas/file.ts';
import { Host } from '../../src/http/schemas/host.ts';
import { HotplugEvent } from '../../src/http/schemas/hotplug_event.ts';
import { Mapping } from '../../src/http/schemas/mapping.ts';
import { Mount } from '../../src/http/schemas/mount.ts';
import { Pin } from '../../src/http/schemas/pin.ts';
import { Process } from '../../src/http/schemas/process.ts';
import { Removal } from '../../src/http/schemas/removal.ts';
import { migrate } from '../../src/store/migrate.ts';
import { wholeRecord } from '../../src/store/tables.ts';
import { firstRelease } from './support/before.ts';

const SCHEMAS = {
  hosts: Host,
  dax_devices: DaxDevice,
  mounts: Mount,
  files: File,
  processes: Process,
  mappings: Mapping,
  pins: Pin,
  removals: Removal,
  hotplug_events: HotplugEvent,
};

test('what the first release stored becomes records of today', () => {
  const db = firstRelease();
  migrate(db);
  for (const [kind, schema] of Object.entries(SCHEMAS)) {
    const records = db
      .prepare<[], string>(`SELECT ${wholeRecord(kind as Kind)} FROM ${kind}`)
      .pluck()
      .all();
    expect(records.length, kind).toBeGreaterThan(0);
    for (const record of records) {
      expect(schema.safeParse(JSON.parse(record)).error?.issues ?? [], kind).toEqual([]);
    }
  }
});

/** What each use leaves where only it is left of all that was made on the device. */
const USES = ['mounts', 'files', 'mappings', 'pins'];

test.each(USES)('[TOLD1] of a device of which only %s are left somebody has told', (kept) => {
  const db = firstRelease();
  db.pragma('foreign_keys = OFF');
  for (const use of USES) if (use !== kept) db.exec(`DELETE FROM ${use}`);
  const used = db.prepare<[], string>(`SELECT DISTINCT dax_device FROM ${kept}`).pluck().all();
  expect(used).toEqual(['pmem0']);
  migrate(db);
  const rows = db
    .prepare<[], { id: string; holders: string; record: string }>(
      'SELECT id, holders, record FROM dax_devices',
    )
    .all();
  const told = rows.map(({ id, holders, record }) => {
    const device = JSON.parse(record) as { holders: string; told_at: string | null };
    expect(device.holders).toBe(holders);
    expect(device.told_at !== null).toBe(holders === 'told');
    return [id, holders];
  });
  expect(Object.fromEntries(told)).toEqual({ pmem0: 'told', 'dax1.0': 'not_told' });
});
