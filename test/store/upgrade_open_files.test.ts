import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('what was mapped had a description of its own, memory none; every file has a name', () => {
  const db = before(29);
  addHost(db);
  db.exec(
    `INSERT INTO mappings (host, id, uid, revision, pid, dax_device, record, entries) VALUES
       ('h', 'v1', 'a', 3, 1, 'pmem0', '{"revision":3,"anonymous":false}', x''),
       ('h', 'v2', 'b', 4, 1, 'dax1.0', '{"revision":4,"anonymous":true}', x'');
     INSERT INTO files (host, id, uid, revision, mount, dax_device, file_system, path, size, record, entries) VALUES
       ('h', 'f3', 'c', 5, 'm1', 'pmem0', 's1', '/f', 4096, '{"revision":5}', x'');`,
  );
  migrateTo(db, 29);
  const records = db
    .prepare<[], string>('SELECT record FROM mappings UNION ALL SELECT record FROM files')
    .pluck()
    .all();
  expect(records.map((record): unknown => JSON.parse(record))).toEqual([
    { revision: 4, anonymous: false, description: 'v1' },
    { revision: 5, anonymous: true, description: null },
    { revision: 6, state: 'linked' },
  ]);
});
