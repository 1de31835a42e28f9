import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('of no page it was kept that its page->mapping was cleared', () => {
  const db = before(36);
  addHost(db);
  db.exec(`INSERT INTO dax_devices (host, id, uid, revision, mode, state, record)
    VALUES ('h', 'pmem0', 'u', 2, 'fsdax', 'bound', '{"revision":2}')`);
  migrateTo(db, 36);
  const record = db.prepare<[], string>('SELECT record FROM dax_devices').pluck().get();
  expect(JSON.parse(found(record))).toEqual({ revision: 3, cleared: [] });
});

function found(record: string | undefined): string {
  if (record === undefined) throw new Error('no device');
  return record;
}
