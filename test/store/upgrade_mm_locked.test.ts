import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('of the memory of a process of before nobody had kept that it was locked', () => {
  const db = before(30);
  addHost(db);
  db.exec(
    `INSERT INTO processes (host, id, uid, revision, pid, state, record) VALUES ('h', '101', 'a', 3, 101, 'running', '{"revision":3,"pid":101}')`,
  );
  migrateTo(db, 30);
  const { revision, record } = db
    .prepare<[], { revision: number; record: string }>('SELECT revision, record FROM processes')
    .get()!;
  expect([revision, JSON.parse(record)]).toEqual([4, { revision: 4, pid: 101, mm_locked: false }]);
});
