import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Sqlite } from '../../src/store/driver.ts';
import { MIGRATIONS } from '../../src/store/migrate.ts';
import { addHost, before, migrateTo } from './support/before.ts';

interface Row {
  readonly id: string;
  readonly revision: number;
  readonly record: string;
}

test('badblocks that were stored in sectors become bytes, and their devices another revision', () => {
  const db = new Sqlite(':memory:');
  const run = (file: string) => db.exec(readFileSync(new URL(file, MIGRATIONS), 'utf8'));
  run('0001_init.sql');
  run('0002_memory_cxl_exposures.sql');
  addHost(db);
  const insert = db.prepare(
    `INSERT INTO dax_devices (host, id, uid, revision, mode, state, provider, record)
     VALUES ('h', ?, ?, 3, 'devdax', 'bound', 'ACPI.NFIT', ?)`,
  );
  const sectors = [
    { offset: 40, length: 1 },
    { offset: 2 ** 43, length: 8 },
  ];
  insert.run('dax0.0', 'u0', JSON.stringify({ revision: 3, badblocks: sectors, size: 4096 }));
  insert.run('dax1.0', 'u1', JSON.stringify({ revision: 3, badblocks: [], size: 4096 }));
  run('0004_badblocks_in_bytes.sql');
  const rows = db.prepare<[], Row>('SELECT id, revision, record FROM dax_devices ORDER BY id').all();
  const bytes = [
    { offset: 20480, length: 512 },
    { offset: 2 ** 52, length: 4096 },
  ];
  expect(rows.map((row) => ({ ...row, record: JSON.parse(row.record) as unknown }))).toEqual([
    { id: 'dax0.0', revision: 4, record: { revision: 4, badblocks: bytes, size: 4096 } },
    { id: 'dax1.0', revision: 3, record: { revision: 3, badblocks: [], size: 4096 } },
  ]);
});

test('badblocks that were stored in bytes become sectors, and their devices another revision', () => {
  const db = before(11);
  addHost(db);
  const insert = db.prepare(
    `INSERT INTO dax_devices (host, id, uid, revision, mode, state, provider, record)
     VALUES ('h', ?, ?, 3, 'devdax', 'bound', 'ACPI.NFIT', ?)`,
  );
  const bytes = [
    { offset: 20480, length: 512 },
    { offset: 2 ** 52, length: 4096 },
  ];
  insert.run('dax0.0', 'u0', JSON.stringify({ revision: 3, badblocks: bytes, size: 4096 }));
  insert.run('dax1.0', 'u1', JSON.stringify({ revision: 3, badblocks: [], size: 4096 }));
  migrateTo(db, 11);
  const rows = db.prepare<[], Row>('SELECT id, revision, record FROM dax_devices ORDER BY id').all();
  const sectors = [
    { offset: 40, length: 1 },
    { offset: 2 ** 43, length: 8 },
  ];
  expect(rows.map(({ id, revision, record }) => [id, revision, JSON.parse(record) as unknown])).toEqual([
    ['dax0.0', 4, { revision: 4, badblocks: sectors, size: 4096 }],
    ['dax1.0', 3, { revision: 3, badblocks: [], size: 4096 }],
  ]);
});
