import { expect, test } from 'vitest';
import { addHost, addMount, before, migrateTo } from './support/before.ts';

test('a host with a superblock that is never torn down says what that keeps', () => {
  const db = before(40);
  for (const [name, stuck, states] of [
    ['well', [], ['mounted', 'lazy']],
    ['hangs', [], ['mounted', 'shutting_down']],
    ['dead', ['rcu', 'dax_srcu'], ['shutting_down']],
  ] as const) {
    addHost(db, name, { kernel: 'v7.3', revision: 4, record: { revision: 4, stuck } });
    for (const state of states) addMount(db, name, state);
  }
  migrateTo(db, 40);
  const rows = db.prepare<[], { record: string }>('SELECT record FROM hosts ORDER BY host').all();
  expect(rows.map(({ record }) => JSON.parse(record) as unknown)).toEqual([
    { revision: 5, stuck: ['rcu', 'dax_srcu', 's_umount'] },
    { revision: 5, stuck: ['s_umount'] },
    { revision: 4, stuck: [] },
  ]);
});
