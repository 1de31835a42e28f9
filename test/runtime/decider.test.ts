import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { decidedElsewhere } from '../../src/runtime/decider.ts';
import { packJson } from '../../src/store/packed.ts';
import type { Store } from '../../src/store/port.ts';
import { sqliteHarness, type SqliteHarness } from '../store/support/sqlite_harness.ts';

const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';
const commands: readonly Command[] = [
  { type: 'create_host', name: 'h', kernel_release: RHEL_9 },
  { type: 'create_dax_device', name: 'pmem0', mode: 'raw', size: 1 << 30 },
];
const unbind = { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' } as const;

let harness: SqliteHarness;
let store: Store;
beforeEach(async () => {
  harness = sqliteHarness(null);
  store = await harness.open();
});
afterEach(() => harness.cleanup());

test('[UNK12] through the threads: a removal on a kernel of which not all is known begins, and is kept under its key', async () => {
  for (const command of commands)
    expect(await store.submit({ host: 'h', command })).toMatchObject({ status: 'done' });
  const idempotency = { key: 'k', fingerprint: 'f' };
  const first = await store.submit({ host: 'h', command: unbind, idempotency });
  expect(first).toMatchObject({ status: 'done', replayed: false, answer: { state: 'running' } });
  expect(await store.submit({ host: 'h', command: unbind, idempotency })).toEqual({
    ...first,
    replayed: true,
  });
});

test('[UNK12] an import that takes more than one run is decided as well, of the bytes that were sent', async () => {
  const create = {
    type: 'create_host',
    name: 'h',
    kernel_release: RHEL_9,
    auto_online_blocks: 'offline',
  } as const;
  await store.submit({ host: 'h', command: create });
  const size = 3 * 2 ** 27 + 2 ** 21;
  const device = { name: 'dax0.0', mode: 'system-ram', size, change: 'created', target_node: 1 };
  const command = packJson({
    type: 'import_inventory',
    devices: [device],
    record: {},
    imported: '{"skipped":[]}',
  });
  expect(await store.submitPacked({ host: 'h', command })).toMatchObject({ status: 'done' });
  expect(await store.get('dax_devices', 'h', 'dax0.0')).toMatchObject({ mode: 'system-ram', size });
});

test('[UNK12] who is overtaken 8 times is told so, and nothing is done', async () => {
  let decided = 0;
  const letGo: number[] = [];
  const answer = await decidedElsewhere(
    {
      write: async () => ({ status: 'undecided', hold: 5 }),
      letGo: (hold) => void letGo.push(hold),
    },
    async () => packJson((decided += 1)),
  );
  expect([answer, decided, letGo]).toMatchObject([
    { status: 'unavailable', why: { code: 'host_busy' } },
    8,
    [5],
  ]);
});

test.each([
  [5, [5]],
  [null, []],
])('[UNK12] a hold of %s ends where nobody can decide', async (hold, ended) => {
  const letGo: number[] = [];
  const answer = decidedElsewhere(
    { write: async () => ({ status: 'undecided', hold }), letGo: (each) => void letGo.push(each) },
    async () => Promise.reject(new Error('the thread died')),
  );
  await expect(answer).rejects.toThrow('the thread died');
  expect(letGo).toEqual(ended);
});

test('[UNK12] commands of a host are committed as they came, also behind one that another thread decides', async () => {
  for (const command of commands) await store.submit({ host: 'h', command });
  const order: string[] = [];
  const noted = async (name: string, host: string, command: Command): Promise<void> => {
    const { status } = await store.submit({ host, command });
    order.push(`${name} ${status}`);
  };
  await Promise.all([
    noted('create', 'h', { type: 'create_dax_device', name: 'pmem1', mode: 'raw', size: 1 << 30 }),
    noted('unbind', 'h', unbind),
    noted('process', 'h', { type: 'create_process', pid: 7, comm: 'a' }),
    noted('unbind again', 'h', { ...unbind, dax_device: 'pmem1' }),
    noted('exit', 'h', { type: 'exit_process', pid: 7 }),
    noted('other', 'other', { type: 'create_host', name: 'other', kernel: 'v6.1' }),
  ]);
  expect(order.filter((name) => !name.startsWith('other'))).toEqual([
    'create done',
    'unbind done',
    'process done',
    'unbind again done',
    'exit done',
  ]);
  const events = await store.events({ after: 0, limit: 100, host: 'h' });
  const subjects = events.items.filter(({ type }) => /process_|removal_started/.test(type));
  expect(subjects.map(({ type }) => type)).toEqual([
    'removal_started',
    'process_created',
    'removal_started',
    'process_ended',
  ]);
});

test('[UNK12] a store that closes while a host is held does what waits for it', async () => {
  for (const command of commands) await store.submit({ host: 'h', command });
  const first = store.submit({ host: 'h', command: unbind });
  const second = store.submit({ host: 'h', command: { type: 'create_process', pid: 7, comm: 'a' } });
  const settled = Promise.allSettled([first, second]);
  await store.close();
  const [unbound, created] = await settled;
  expect(created).toMatchObject({ status: 'fulfilled', value: { status: 'done' } });
  expect(unbound.status === 'rejected' || unbound.value.status === 'done').toBe(true);
});

test('a long listing is decided by the other thread, and what comes behind it waits', async () => {
  await store.submit({ host: 'h', command: { type: 'create_host', name: 'h', kernel: 'v6.12' } });
  const devices = Array.from({ length: 3_000 }, (_, at) => ({
    name: `dax${String(at)}.0`,
    mode: 'devdax',
    size: 2 ** 30,
    align: 2 ** 21,
    change: 'created',
    target_node: 1,
    labels_of_nobody: 'x'.repeat(100),
  }));
  const listing = { type: 'import_inventory', devices, record: {}, imported: '{"skipped":[]}' };
  const idempotency = { key: 'k', fingerprint: 'f' };
  const submit = () => store.submitPacked({ host: 'h', command: packJson(listing), idempotency });
  const removal = { ...unbind, dax_device: 'dax2999.0' };
  const [dry, done, again, removed] = await Promise.all([
    store.submitPacked({ host: 'h', command: packJson(listing), dry_run: true }),
    submit(),
    submit(),
    store.submit({ host: 'h', command: removal }),
  ]);
  expect([dry, done, again, removed]).toMatchObject([
    { status: 'done' },
    { status: 'done', replayed: false },
    { status: 'done', replayed: true },
    { status: 'done', answer: { dax_device: 'dax2999.0' } },
  ]);
});
