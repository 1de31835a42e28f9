import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('stored memory was counted as the listing of its device tells, and by nobody else', () => {
  const db = before(24);
  const range = db.prepare(
    `INSERT INTO memory_ranges (host, id, uid, revision, dax_device, leaked, record)
     VALUES (@host, 'dax0.0', @host, 4, 'dax0.0', 0, @record)`,
  );
  const record = { revision: 4, nr_pages: 7 * 32768, block_bytes: 2 ** 27 };
  for (const host of ['real', 'untold', 'made']) {
    addHost(db, host);
    range.run({ host, record: JSON.stringify(record) });
  }
  const inventory = db.prepare(
    `INSERT INTO inventories (host, id, uid, revision, record) VALUES (?, 'inventory', ?, 1, ?)`,
  );
  const device = (name: string, total: number | null) => ({ name, memory_blocks: { online: total, total } });
  for (const [host, total] of [
    ['real', 7],
    ['untold', null],
  ] as const) {
    const devices = [device('dax1.0', 9), device('dax0.0', total)];
    inventory.run(host, host, JSON.stringify({ record: { devices } }));
  }
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
      ['untold', 5, { ...record, revision: 5, counted: null }],
    ],
  );
});
