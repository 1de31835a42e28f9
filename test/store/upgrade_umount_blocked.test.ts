import { expect, test } from 'vitest';
import { addHost, addMount, before, migrateTo } from './support/before.ts';

test('what was detached where no grace period ends is kept by its umount', () => {
  const db = before(37);
  for (const [name, stuck] of [
    ['well', []],
    ['dead', ['rcu']],
    ['other', ['dax_srcu']],
  ] as const) {
    addHost(db, name, { kernel: 'v7.3', record: { stuck } });
    for (const state of ['mounted', 'lazy']) addMount(db, name, state);
  }
  migrateTo(db, 37);
  const blocked = db.prepare(
    `SELECT host, state, revision, record ->> '$.revision' AS told FROM mounts WHERE record ->> '$.umount_blocked'`,
  );
  expect(blocked.all()).toEqual([{ host: 'dead', state: 'lazy', revision: 4, told: 4 }]);
  expect(db.prepare(`SELECT count(*) FROM mounts WHERE revision = 4`).pluck().get()).toBe(6);
});
