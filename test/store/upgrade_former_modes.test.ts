import { expect, test } from 'vitest';
import { addHost, before, migrateTo } from './support/before.ts';

test('stored devices that were listed by a mode of former ndctl stay what they are, under the word of today', () => {
  const db = before(26);
  addHost(db);
  const listed = (name: string, mode: string, word: string | null) => ({
    name,
    mode: mode === 'memory' ? 'fsdax' : mode === 'dax' ? 'devdax' : mode,
    mode_as_listed: word,
    size: 9007199254740991,
    listed: { namespace: { mode, iset_id: { $number: '15165832028771136562' } }, dax_device: null },
  });
  const lone = { name: 'dax9.0', mode: 'devdax', mode_as_listed: null, listed: { namespace: null } };
  const record = {
    record: {
      devices: [
        listed('pmem0', 'memory', 'memory'),
        listed('dax1.0', 'dax', null),
        listed('pmem2', 'raw', null),
        lone,
      ],
      former: [listed('pmem7', 'memory', null)],
      host: { regions: [] },
    },
  };
  db.prepare(
    `INSERT INTO inventories (host, id, uid, revision, record) VALUES ('h', 'inventory', 'i', 1, ?)`,
  ).run(JSON.stringify(record));
  const others = [
    { record: { devices: [listed('pmem0', 'memory', null)], host: {} } },
    { record: { devices: [], former: [], host: {} } },
  ];
  for (const [at, other] of others.entries()) {
    const host = `other${String(at)}`;
    addHost(db, host);
    db.prepare(
      `INSERT INTO inventories (host, id, uid, revision, record) VALUES (?, 'inventory', ?, 1, ?)`,
    ).run(host, host, JSON.stringify(other));
  }
  const insert = db.prepare(
    `INSERT INTO dax_devices (host, id, uid, revision, mode, state, record) VALUES ('h', ?, ?, 3, ?, 'bound', ?)`,
  );
  const add = (id: string, mode: string, mode_as_listed: string | null) =>
    insert.run(id, id, mode, JSON.stringify({ revision: 3, mode, mode_as_listed }));
  add('pmem0', 'fsdax', 'memory');
  add('pmem2', 'raw', null);
  add('pmem3', 'unknown', 'famfs');
  migrateTo(db, 26);
  const now = (name: string, mode: string) => ({
    ...listed(name, mode, null),
    listed: { ...listed(name, mode, null).listed },
  });
  const stored = db.prepare<[], string>('SELECT record FROM inventories ORDER BY host').pluck().all();
  const [first, ...rest] = stored.map((each) => JSON.parse(each) as unknown);
  expect(rest).toEqual([{ record: { devices: [now('pmem0', 'fsdax')], host: {} } }, others[1]]);
  expect(first).toEqual({
    record: {
      devices: [now('pmem0', 'fsdax'), now('dax1.0', 'devdax'), now('pmem2', 'raw'), lone],
      former: [now('pmem7', 'fsdax')],
      host: { regions: [] },
    },
  });
  const devices = db.prepare<[], string>('SELECT record FROM dax_devices ORDER BY id').pluck().all();
  expect(devices.map((each) => JSON.parse(each) as unknown)).toEqual([
    { revision: 4, mode: 'fsdax', mode_as_listed: null },
    { revision: 3, mode: 'raw', mode_as_listed: null },
    { revision: 3, mode: 'unknown', mode_as_listed: 'famfs' },
  ]);
});
