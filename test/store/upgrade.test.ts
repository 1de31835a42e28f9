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
