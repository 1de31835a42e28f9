import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DaxDevice } from '../../src/http/schemas/dax_device.ts';
import { File } from '../../src/http/schemas/file.ts';
import { Host } from '../../src/http/schemas/host.ts';
import { HotplugEvent } from '../../src/http/schemas/hotplug_event.ts';
import { Mapping } from '../../src/http/schemas/mapping.ts';
import { Mount } from '../../src/http/schemas/mount.ts';
import { Pin } from '../../src/http/schemas/pin.ts';
import { Process } from '../../src/http/schemas/process.ts';
import { Removal } from '../../src/http/schemas/removal.ts';
import type { Connection } from '../../src/store/connection.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { MIGRATIONS, migrate } from '../../src/store/migrate.ts';

const STORED = readFileSync(new URL('fixtures/v1.sql', import.meta.url), 'utf8');
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
  const db = new Sqlite(':memory:');
  db.exec(readFileSync(new URL('0001_init.sql', MIGRATIONS), 'utf8'));
  db.exec(STORED);
  adopt(db);
  migrate(db);
  for (const [kind, schema] of Object.entries(SCHEMAS)) {
    const records = db.prepare<[], string>(`SELECT record FROM ${kind}`).pluck().all();
    expect(records.length, kind).toBeGreaterThan(0);
    for (const record of records) {
      expect(schema.safeParse(JSON.parse(record)).error?.issues ?? [], kind).toEqual([]);
    }
  }
});

test('[TOLD1] of a device that is in use somebody has told, of an idle one nobody', () => {
  const db = new Sqlite(':memory:');
  db.exec(readFileSync(new URL('0001_init.sql', MIGRATIONS), 'utf8'));
  db.exec(STORED);
  adopt(db);
  migrate(db);
  const rows = db
    .prepare<[], { id: string; holders: string; record: string }>(
      'SELECT id, holders, record FROM dax_devices',
    )
    .all();
  const told = rows.map(({ id, holders, record }) => {
    const device = JSON.parse(record) as { holders: string; told_at: string | null };
    expect(device.told_at !== null).toBe(device.holders === 'told');
    return [id, holders, device.holders];
  });
  const used = db.prepare<[], string>('SELECT DISTINCT dax_device FROM mounts').pluck().all();
  expect(used.length).toBeGreaterThan(0);
  for (const [id, column, field] of told) {
    expect(field).toBe(column);
    if (used.includes(id ?? '')) expect(column).toBe('told');
  }
});

/** Notes that the first migration has run, as the first release did. */
function adopt(db: Connection): void {
  const fresh = new Sqlite(':memory:');
  migrate(fresh);
  const first = fresh
    .prepare<[], { sql: string }>(`SELECT sql FROM sqlite_schema WHERE name = 'schema_migrations'`)
    .get();
  db.exec(first?.sql ?? '');
  const row = fresh.prepare('SELECT * FROM schema_migrations WHERE version = 1').get() as object;
  db.prepare('INSERT INTO schema_migrations VALUES (@version, @name, @sha256, @applied_at)').run(row);
}
