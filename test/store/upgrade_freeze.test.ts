import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('nobody had frozen anything, nobody waited; how files were opened follows from their descriptors', () => {
  const db = before(33);
  addHost(db);
  const shared = { description: 'v1', anonymous: false, prot: 'rw', flags: ['shared'] };
  const mappings = [
    shared,
    { ...shared, prot: 'r' },
    { ...shared, flags: ['private'] },
    { ...shared, description: 'o9', prot: 'r' },
    { ...shared, description: null, anonymous: true },
  ];
  const add = db.prepare(
    `INSERT INTO mappings (host, id, uid, revision, pid, dax_device, record, entries) VALUES ('h', ?, ?, 3, 1, 'pmem0', ?, x'')`,
  );
  for (const [at, record] of mappings.entries())
    add.run(`v${String(at)}`, `u${String(at)}`, JSON.stringify(record));
  db.exec(
    `INSERT INTO open_files (host, id, uid, revision, pid, dax_device, record) VALUES
       ('h', 'o9', 'o', 1, 1, 'pmem0', '{"description":"o9","flags":["rdwr"]}');
     INSERT INTO processes (host, id, uid, revision, pid, state, record) VALUES ('h', '1', 'p', 4, 1, 'running', '{}');
     INSERT INTO mounts (host, id, uid, revision, dax_device, path, fs_type, fs_state, state, file_system, record) VALUES
       ('h', 'm1', 'm', 5, 'pmem0', '/mnt', 'ext4', 'alive', 'mounted', 's1', '{}');`,
  );
  migrateTo(db, 33);
  const of = (table: string, column: string) =>
    db
      .prepare<[], string>(
        `SELECT json_extract(record, '$.revision', '$.${column}') FROM ${table} ORDER BY id`,
      )
      .pluck()
      .all()
      .map((value): unknown => JSON.parse(value));
  expect(of('mappings', 'opened')).toEqual([
    ...[
      [4, 'rdwr'],
      [4, 'rdonly'],
      [4, 'rdonly'],
    ],
    ...[
      [4, 'rdwr'],
      [4, null],
    ],
  ]);
  expect(of('processes', 'waits_for_thaw')).toEqual([[5, null]]);
  expect(of('mounts', 'frozen_by_user')).toEqual([[6, false]]);
});
