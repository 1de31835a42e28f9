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
  const answer = await decidedElsewhere(
    async () => ({ status: 'undecided' }),
    async () => packJson((decided += 1)),
  );
  expect([answer, decided]).toMatchObject([{ status: 'unavailable', why: { code: 'host_busy' } }, 8]);
});
