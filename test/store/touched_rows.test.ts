import { beforeEach, expect, test } from 'vitest';
import { decide } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/model/command.ts';
import type { Connection } from '../../src/store/connection.ts';
import { migrate } from '../../src/store/migrate.ts';
import { columnsOf } from '../../src/store/tables.ts';
import { before } from './support/before.ts';
import { memoryWriter } from './support/memory_writer.ts';

let db: Connection;
let run: (command: Command) => void;

beforeEach(() => {
  const writer = memoryWriter({ decide });
  const { transact } = writer;
  db = writer.db;
  run = (command) => {
    const [settled] = transact([{ host: 'node-a', command }]).settled;
    expect(settled).toMatchObject({ submitted: { status: 'done' } });
  };
  run({ type: 'create_host', name: 'node-a', kernel: 'v6.12', labels: { rack: '7' } });
  const device = { name: 'pmem0', mode: 'fsdax', size: 2 ** 30, labels: { tier: 'a' } } as const;
  run({ type: 'create_dax_device', ...device });
  const mount = { path: '/mnt', fs_type: 'ext4', dax: 'always', mkfs: true } as const;
  run({ type: 'create_mount', dax_device: 'pmem0', ...mount });
});

/** Counts the times that columns which indexes are of, or rows of labels, are written. */
function watch(): { readonly columns: () => number; readonly labels: () => number } {
  db.exec('CREATE TEMP TABLE written (what TEXT NOT NULL) STRICT');
  for (const kind of ['hosts', 'dax_devices', 'mounts', 'files'] as const) {
    const columns = columnsOf(kind).join(', ');
    db.exec(`CREATE TEMP TRIGGER ${kind}_columns AFTER UPDATE OF ${columns} ON ${kind}
      BEGIN INSERT INTO written VALUES ('columns'); END`);
  }
  for (const verb of ['INSERT', 'DELETE'])
    db.exec(`CREATE TEMP TRIGGER labels_${verb} AFTER ${verb} ON labels
      BEGIN INSERT INTO written VALUES ('labels'); END`);
  const count = db.prepare<[string], number>('SELECT count(*) FROM temp.written WHERE what = ?').pluck();
  return { columns: () => count.get('columns') ?? NaN, labels: () => count.get('labels') ?? NaN };
}

const labels = (): unknown => db.prepare('SELECT kind, name, value FROM labels ORDER BY kind, name').all();

test('a change that leaves columns and labels as they are writes records alone', () => {
  const revisions = db.prepare(
    'SELECT host, revision FROM host_counts UNION SELECT host, revision FROM mounts',
  );
  const former = revisions.all();
  const written = watch();
  run({ type: 'create_process', pid: 1, comm: 'a' });
  run({ type: 'create_file', mount: 'm2', path: '/a', size: 4096 });
  const mapping = { pid: 1, file: 'f3', flags: ['shared'], prot: 'rw', offset: 0, length: 4096 } as const;
  run({ type: 'create_mapping', ...mapping, populate: 'write' });
  expect(revisions.all()).not.toEqual(former);
  expect([written.columns(), written.labels()]).toEqual([0, 0]);
});

test('labels are written where they change, and where their row does', () => {
  const written = watch();
  run({ type: 'patch_host', labels: { rack: '8' } });
  expect(written.labels()).toBe(2);
  expect(written.columns()).toBe(1);
  const rows = [
    { kind: 'dax_devices', name: 'tier', value: 'a' },
    { kind: 'hosts', name: 'rack', value: '8' },
  ];
  expect(labels()).toEqual(rows);
  run({ type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' });
  expect(written.columns()).toBeGreaterThan(1);
  expect(labels()).toEqual(rows);
});

test('rows that were stored before have what lists are sorted by in columns, and keep their labels', () => {
  const old = before(20);
  const insert = (table: string, columns: object): void => {
    const names = Object.keys(columns).join(', ');
    const values = Object.values(columns) as string[];
    old
      .prepare(`INSERT INTO ${table} (${names}) VALUES (${values.map(() => '?').join(', ')})`)
      .run(...values);
  };
  const row = (id: string, record: object) => ({
    host: 'a',
    id,
    uid: id,
    revision: 3,
    record: JSON.stringify(record),
  });
  const labelled = { labels: { 'a b': '"' } };
  const host = row('a', { ...labelled, kernel_release: '6.1.0' });
  insert('hosts', { ...host, kernel: 'v6.1', health: 'ok' });
  const device = row('pmem0', { ...labelled, size: 2 ** 40 });
  insert('dax_devices', { ...device, mode: 'fsdax', state: 'bound' });
  const region = row('region0', { size: 2 ** 41 });
  insert('cxl_regions', { ...region, type: 'pmem', state: 'enabled', decode_state: 'commit' });
  const mounted = {
    dax_device: 'pmem0',
    fs_type: 'xfs',
    state: 'mounted',
    fs_state: 'alive',
    file_system: 's1',
  };
  insert('mounts', { ...row('m2', { path: '/mnt' }), ...mounted });
  const file = { mount: 'm2', dax_device: 'pmem0', file_system: 's1', path: '/a', entries: Buffer.alloc(0) };
  insert('files', { ...row('f3', { size: 4096 }), ...file });
  insert('exposures', { ...row('x4', { pages: 7 }), dax_device: 'pmem0', pid: 1, open: 0 });
  migrate(old);
  const all = (sql: string): unknown => old.prepare(sql).raw().all();
  expect(all('SELECT kernel_release, labels FROM hosts')).toEqual([['6.1.0', '{"a b":"\\""}']]);
  expect(all('SELECT size, labels FROM dax_devices')).toEqual([[2 ** 40, '{"a b":"\\""}']]);
  expect(all('SELECT size FROM cxl_regions UNION SELECT size FROM files')).toEqual([[4096], [2 ** 41]]);
  expect(all('SELECT path FROM mounts')).toEqual([['/mnt']]);
  expect(all('SELECT pages FROM exposures')).toEqual([[7]]);
});
