import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('stored memory blocks tell nothing of kernel pages where a listing told of them, and that there are none else', () => {
  const db = before(13);
  const blocks = [
    { first: 0, nr_blocks: 2, state: 'online', zone: 'Normal' },
    { first: 2, nr_blocks: 1, state: 'offline', zone: null },
  ];
  const range = db.prepare(
    `INSERT INTO memory_ranges (host, id, uid, revision, dax_device, leaked, record)
     VALUES (@host, 'dax0.0', @host, 4, 'dax0.0', 0, @record)`,
  );
  for (const host of ['real', 'made']) {
    addHost(db, host);
    range.run({ host, record: JSON.stringify({ revision: 4, blocks }) });
  }
  db.exec(
    `INSERT INTO inventories (host, id, uid, revision, record) VALUES ('real', 'inventory', 'i', 1, '{}')`,
  );
  migrateTo(db, 13);
  const rows = db
    .prepare<[], { host: string; revision: number; record: string }>(
      'SELECT host, revision, record FROM memory_ranges ORDER BY host',
    )
    .all();
  const told = (online: boolean | null) => {
    const [up, down] = blocks;
    return {
      revision: 5,
      blocks: [
        { ...up, kernel_pages: online },
        { ...down, kernel_pages: false },
      ],
    };
  };
  expect(rows.map(({ host, revision, record }) => [host, revision, JSON.parse(record) as unknown])).toEqual([
    ['made', 5, told(false)],
    ['real', 5, told(null)],
  ]);
});
