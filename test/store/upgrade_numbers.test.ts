import { expect, test } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { createReads } from '../../src/store/read.ts';
import { prepareKeys } from '../../src/store/keys.ts';
import { createKnown } from '../../src/store/known.ts';
import { addHost, addMount, before } from './support/before.ts';
import { listed } from '../support/listed.ts';

const UID = 'f1a20875-60f7-71dd-93a4-a825a52209c0';

test('records keep their uids, revisions, labels and order, and are of the same hosts', async () => {
  const db = before(47);
  for (const host of ['b', 'a'])
    addHost(db, host, {
      revision: 7,
      record: { revision: 7, labels: { 'a b': '"next_id":null' }, next_id: 9 },
    });
  addMount(db, 'a', 'mounted');
  db.exec(`UPDATE mounts SET uid = '${UID}'`);
  db.exec(`INSERT INTO labels (kind, name, value, key, host) VALUES ('hosts', 'rack', '7', 2, 'a')`);
  db.exec(`INSERT INTO entry_chunks (host, owner, first, runs) VALUES (2, 'v1', 0, x'00')`);
  db.exec(`INSERT INTO mapped_before (host, removal, pfns) VALUES (2, 'r1', x'00')`);
  migrate(db);
  const reads = createReads(db);
  const text = { revision: 7, labels: { 'a b': '"next_id":null' }, next_id: 9 };
  expect(await reads.getText('hosts', 'a', 'a')).toEqual({ state: 'a.7', text: JSON.stringify(text) });
  expect(await reads.getTextByUid('hosts', 'b')).toEqual({ state: 'b.7', text: JSON.stringify(text) });
  const mount = { state: `${UID}.3`, text: '{"revision":3}' };
  expect(await reads.getText('mounts', 'a', 'mounted')).toEqual(mount);
  expect(await reads.getTextByUid('mounts', UID)).toEqual(mount);
  expect(await reads.getTextByUid('mounts', UID.toUpperCase())).toBeNull();
  const racked = { kind: 'mounts', filters: {}, labels: [['rack', '7']], limit: 9 } as const;
  expect(listed(await reads.list(racked))).toEqual([JSON.parse(mount.text)]);
  expect(listed(await reads.list({ ...racked, labels: [], host: 'b' }))).toEqual([]);
  db.pragma('foreign_keys = ON');
  db.exec(`DELETE FROM hosts WHERE id = 'a'`);
  for (const table of ['mounts', 'labels', 'entry_chunks', 'mapped_before'])
    expect(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), table).toBe(0);
});

test('a key that was used before is not used again, also one whose row is gone, nor one of a rollback', () => {
  const db = before(47);
  addHost(db, 'a');
  addMount(db, 'a', 'mounted');
  addMount(db, 'a', 'lazy');
  db.exec(`DELETE FROM mounts WHERE state = 'lazy'`);
  migrate(db);
  const keyOf = prepareKeys(db, createKnown());
  expect([keyOf('mounts'), keyOf('mounts'), keyOf('hosts'), keyOf('pins')]).toEqual([3, 4, 2, 1]);
  const known = createKnown();
  const again = prepareKeys(db, known);
  const next = again('mounts');
  expect(next).toBeGreaterThan(4);
  db.exec('BEGIN');
  for (let at = 0; at < 3_000; at += 1) again('mounts');
  db.exec('ROLLBACK');
  known.forget();
  const after = again('mounts');
  expect(after).toBeGreaterThan(next);
  expect(prepareKeys(db, createKnown())('mounts')).toBeGreaterThan(after);
});
