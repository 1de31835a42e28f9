import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createControlPlane, type ControlPlane } from '../../src/app/control_plane.ts';
import { handedOver } from '../../src/runtime/hand_over.ts';
import { bytesOf, packJson, textIn, unpackJson } from '../../src/store/packed.ts';
import type { Store } from '../../src/store/port.ts';
import { sqliteHarness, type SqliteHarness } from '../store/support/sqlite_harness.ts';

const HOST = 'node-a';
const DEVICES = 400;
/** What a message about any number of devices may consist of. */
const VALUES_MAX = 60;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

let harness: SqliteHarness;
let store: Store;
let plane: ControlPlane;
beforeEach(async () => {
  harness = sqliteHarness(null);
  store = await harness.open();
  plane = createControlPlane(store, SILENT);
  await plane.submit({ host: HOST, command: { type: 'create_host', name: HOST, kernel: 'v6.12' } });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await plane.close();
  await harness.cleanup();
});

test('whatever a listing holds, the HTTP thread neither sends nor is sent its objects', async () => {
  const sent = vi.spyOn(Worker.prototype, 'postMessage');
  const received = vi.spyOn(Worker.prototype, 'emit');
  for (const change of ['created', 'unchanged']) {
    const imported = await plane.importInventory({ host: HOST, bytes: Buffer.from(listing()) });
    const told = imported.status === 'done' ? imported.answer : imported.status;
    expect(JSON.parse(told)).toMatchObject({ devices: Array(DEVICES).fill({ change }) });
  }
  expect(await plane.exportInventory(HOST, 'daxctl')).toMatchObject({
    text: expect.any(ArrayBuffer) as ArrayBuffer,
  });
  const messages = [
    ...sent.mock.calls.map(([message]) => message as unknown),
    ...received.mock.calls.flatMap(([event, message]) => (event === 'message' ? [message as unknown] : [])),
  ];
  expect(messages.length).toBeGreaterThan(12);
  expect(Math.max(...messages.map(valuesIn))).toBeLessThan(VALUES_MAX);
});

test('the bytes of a packed submission are taken, not copied', async () => {
  const listed = { name: 'pmem7', mode: 'fsdax', size: 4096, change: 'created' };
  const command = packJson({ type: 'import_inventory', devices: [listed], record: {}, imported: '[]' });
  await store.submitPacked({ host: HOST, command });
  expect(command.byteLength).toBe(0);
  expect(await store.get('dax_devices', HOST, 'pmem7')).toMatchObject({ size: 4096 });
});

test('a listing stays its owner’s, who may ask again', async () => {
  const bytes = Buffer.from(listing());
  await plane.importInventory({ host: HOST, bytes });
  expect(bytes.toString()).toBe(listing());
});

test('buffers are handed over where they are a message or a member of one', () => {
  const [first, second] = [bytesOf('first'), bytesOf('second')];
  expect(handedOver(first)).toEqual([first]);
  expect(handedOver({ first, name: 'x', second, nothing: null })).toEqual([first, second]);
  for (const none of [null, undefined, 'text', 3, {}]) expect(handedOver(none)).toEqual([]);
});

test.each(['', 'a', 'é\u{1f600}', '\ufeff[]', 'x'.repeat(100_000)])(
  'a text comes back as it went, in a buffer of its own',
  (text) => {
    expect(bytesOf(text).byteLength).toBe(Buffer.byteLength(text));
    expect(textIn(bytesOf(text))).toBe(text);
    expect(unpackJson(packJson({ text }))).toEqual({ text });
  },
);

function listing(): string {
  const devices = Array.from({ length: DEVICES }, (_, at) => ({
    chardev: `dax${String(at)}.0`,
    size: 2 ** 30,
    target_node: 1,
    align: 2 ** 21,
    mode: 'devdax',
  }));
  return JSON.stringify(devices);
}

/** How many values a message is made of, all the way down; bytes are one. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof ArrayBuffer) return 1;
  return Object.values(value).reduce<number>((sum, member) => sum + valuesIn(member), 1);
}
