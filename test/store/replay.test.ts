import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Command, CommandOf } from '../../src/engine/model/command.ts';
import type { Host } from '../../src/engine/model/host.ts';
import { idsBy } from '../../src/engine/model/uses.ts';
import { openReadConnection } from '../../src/store/connection.ts';
import { prepareLoad } from '../../src/store/load.ts';
import type { Store } from '../../src/store/port.ts';
import { prepareReplay } from '../../src/store/replay.ts';
import { mappedAndPinned, submitAll } from './support/scenario.ts';
import { sqliteHarness, type SqliteHarness } from './support/sqlite_harness.ts';
import { listed } from '../support/listed.ts';

let harness: SqliteHarness;
let store: Store;
beforeEach(async () => {
  harness = sqliteHarness();
  store = await harness.open();
});
afterEach(async () => harness.cleanup());

/** Tables and entries as plain data, in their order. */
function plain(host: Host): unknown {
  const tables = Object.entries(host.tables).map(([kind, records]) => [kind, [...records.entries()]]);
  const entries = [...host.entries].filter(([, own]) => own.length > 0).map(([id, own]) => [id, [...own]]);
  const index = [...host.uses_by].map(([field, byValue]) => [
    field,
    [...byValue.keys()].map((value) => [value, [...idsBy(host.uses_by, field, value)]]),
  ]);
  const objects = {
    entries: Object.fromEntries(entries) as unknown,
    extents: Object.fromEntries(host.extents) as unknown,
    index: Object.fromEntries(index) as unknown,
    windows: [...host.open_exposures.windows].sort(),
    exposed: [...host.open_exposures.by_key].sort(),
  };
  return JSON.parse(JSON.stringify({ tables, ...objects }));
}

function replayAndLoad(name: string): { readonly replayed: unknown; readonly loaded: unknown } {
  const db = openReadConnection(harness.path);
  const replayed = plain(prepareReplay(db)(name));
  const loaded = plain(prepareLoad(db)(name));
  db.close();
  return { replayed, loaded };
}

test.each(['v5.10', 'v6.12'] as const)(
  'on %s the journal, replayed, is what is stored after every command',
  async (kernel) => {
    for (const command of mappedAndPinned('node-a', kernel)) {
      await submitAll(store, 'node-a', [command]);
      const { replayed, loaded } = replayAndLoad('node-a');
      expect(loaded).toEqual(replayed);
    }
    expect((await store.get('mappings', 'node-a', 'v4'))?.present.pmd).toBe(2);
    const removed = await store.submit({
      host: 'node-a',
      command: { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' },
    });
    const removal = removed.status === 'done' ? removed.answer.id : '';
    for (let step = 0; step < 12; step += 1)
      await store.submit({ host: 'node-a', command: { type: 'advance_removal', removal } });
    await store.submit({ host: 'node-a', command: { type: 'bind', dax_device: 'pmem0', tenant: 'next' } });
    const exposed = replayAndLoad('node-a');
    expect(exposed.loaded).toEqual(exposed.replayed);
    await store.submit({ host: 'node-a', command: { type: 'create_process', pid: 7, comm: 'again' } });
    await store.submit({ host: 'node-a', command: { type: 'reboot', kernel: 'v6.1' } });
    const { replayed, loaded } = replayAndLoad('node-a');
    expect(loaded).toEqual(replayed);
  },
);

test('what a fork copied is in the journal as a copy, and is replayed', async () => {
  const pages = 280;
  const writes: Command[] = Array.from({ length: pages / 2 }, (_, at) => {
    return { type: 'access', mapping: 'v7', kind: 'write', offset: 2 * at * 4096, length: 1 };
  });
  const mapped = { type: 'create_mapping', pid: 42, file: 'f3', prot: 'rw', page_size: 4096 } as const;
  await submitAll(store, 'node-a', [
    ...mappedAndPinned('node-a', 'v6.12'),
    { type: 'create_process', pid: 7, comm: 'other' },
    { type: 'create_process', pid: 8, comm: 'child', parent_pid: 42 },
    { ...mapped, flags: ['private'], offset: 0, length: pages * 4096, populate: 'read' },
    ...writes,
    { type: 'create_process', pid: 9, comm: 'child', parent_pid: 42 },
    { ...(writes[0] as CommandOf<'access'>), offset: 4096 },
    { type: 'create_process', pid: 10, comm: 'grandchild', parent_pid: 9 },
    { type: 'exit_process', pid: 42 },
  ]);
  const db = openReadConnection(harness.path);
  const longest = db
    .prepare<[], number>(`SELECT max(length(changes)) FROM events WHERE type = 'process_created'`)
    .pluck();
  expect(longest.get()).toBeLessThan(2_000);
  expect(prepareLoad(db)('node-a').entries.size).toBeGreaterThan(2);
  db.close();
  const { replayed, loaded } = replayAndLoad('node-a');
  expect(loaded).toEqual(replayed);
});

test('what a removal unmaps of many is one change in the journal, and is replayed', async () => {
  const mapped = { file: 'f3', flags: ['shared'], prot: 'rw', length: 8192, populate: 'write' } as const;
  await submitAll(store, 'node-a', [
    { type: 'create_host', name: 'node-a', kernel: 'v6.12' },
    { type: 'create_dax_device', name: 'pmem0', mode: 'fsdax', size: 2 ** 28 },
    {
      ...{ type: 'create_mount', dax_device: 'pmem0', path: '/mnt', dax: 'always', mkfs: true },
      ...{ fs_type: 'xfs', rmapbt: true },
    },
    { type: 'create_file', mount: 'm2', path: '/mnt/a', size: 2 ** 20 },
    { type: 'create_process', pid: 1, comm: 'lives', sigbus: 'handled' },
    { type: 'create_process', pid: 2, comm: 'dies' },
    { type: 'create_mapping', pid: 1, offset: 0, ...mapped },
    { type: 'create_mapping', pid: 1, offset: 8192, ...mapped },
    { type: 'create_mapping', pid: 2, offset: 0, ...mapped },
    { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' },
  ]);
  const [removal] = listed<{ id: string }>(await store.list({ kind: 'removals', filters: {}, limit: 9 }));
  for (let step = 0; step < 12; step += 1)
    await store.submit({ host: 'node-a', command: { type: 'advance_removal', removal: removal!.id } });
  const db = openReadConnection(harness.path);
  const texts = db.prepare<[], string>('SELECT changes FROM events').pluck().all();
  db.close();
  expect(texts.join()).toContain('[10,"v4","v5","v6"]');
  const { replayed, loaded } = replayAndLoad('node-a');
  expect(loaded).toEqual(replayed);
});

test('a writer that loads its hosts decides as the one that has them in memory', async () => {
  const commands = mappedAndPinned('node-a', 'v6.12');
  await store.close();
  for (const command of commands) {
    const fresh = await harness.open();
    await submitAll(fresh, 'node-a', [command]);
    await fresh.close();
  }
  store = await harness.open();
  await submitAll(store, 'node-b', mappedAndPinned('node-b', 'v6.12'));
  const anonymous = (text: string): string => text.replaceAll(/"(uid|host|name|told_at)":"[^"]*"/g, '""');
  const [a, b] = ['node-a', 'node-b'].map((name) =>
    anonymous(JSON.stringify(replayAndLoad(name).loaded).replaceAll(name, '')),
  );
  expect(a).toBe(b);
});

test('a delete and a new record under the same id make a new row', async () => {
  await submitAll(store, 'node-a', [
    { type: 'create_host', name: 'node-a', kernel: 'v6.12' },
    { type: 'create_dax_device', name: 'pmem0', mode: 'fsdax', size: 2 ** 28, phys_addr: '0x100000000' },
    { type: 'create_dax_device', name: 'pmem1', mode: 'fsdax', size: 2 ** 28, phys_addr: '0x200000000' },
    { type: 'delete_dax_device', dax_device: 'pmem0' },
    { type: 'create_dax_device', name: 'pmem0', mode: 'devdax', size: 2 ** 28, phys_addr: '0x100000000' },
  ]);
  const page = await store.list({ kind: 'dax_devices', filters: {}, limit: 9 });
  expect(listed<{ name: string }>(page).map(({ name }) => name)).toEqual(['pmem1', 'pmem0']);
});
