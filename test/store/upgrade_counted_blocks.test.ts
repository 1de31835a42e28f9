import { expect, test } from 'vitest';
import { before, migrateTo } from './support/before.ts';

test('stored memory was counted by a listing where the host is known by one, and by nobody else', () => {
  const db = before(24);
  const range = db.prepare(
    `INSERT INTO memory_ranges (host, id, uid, revision, dax_device, leaked, record)
     VALUES (@host, 'dax0.0', @host, 4, 'dax0.0', 0, @record)`,
  );
  const record = { revision: 4, nr_pages: 7 * 32768, block_bytes: 2 ** 27 };
  for (const host of ['real', 'made']) {
    db.prepare(
      `INSERT INTO hosts (host, id, uid, revision, kernel, health, record) VALUES (@host, @host, @host, 1, 'v6.12', 'ok', '{}')`,
    ).run({ host });
    range.run({ host, record: JSON.stringify(record) });
  }
  db.exec(
    `INSERT INTO inventories (host, id, uid, revision, record) VALUES ('real', 'inventory', 'i', 1, '{}')`,
  );
  migrateTo(db, 24);
  const rows = db
    .prepare<[], { host: string; revision: number; record: string }>(
      'SELECT host, revision, record FROM memory_ranges ORDER BY host',
    )
    .all();
  expect(rows.map(({ host, revision, record: now }) => [host, revision, JSON.parse(now) as unknown])).toEqual(
    [
      ['made', 5, { ...record, revision: 5, counted: null }],
      ['real', 5, { ...record, revision: 5, counted: 7 }],
    ],
  );
});
