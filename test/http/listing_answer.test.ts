import { afterAll, beforeAll, expect, it } from 'vitest';
import { serve } from '../support/server.ts';

const MAX = 10_000;
const server = serve(beforeAll, afterAll);

type Row = Readonly<Record<string, unknown>>;

async function imported(host: string, text: string) {
  await server.call('POST', '/v1/hosts', { name: host, kernel: 'v6.12' });
  const headers = { 'content-type': 'application/json' };
  const { status, text: body } = await server.call('POST', `/v1/hosts/${host}/inventory`, text, headers);
  expect([status, body.slice(0, 300)]).toEqual([200, expect.any(String)]);
  return {
    body,
    ...(JSON.parse(body) as Readonly<Record<'devices' | 'absent' | 'skipped', Row[]> & { cut?: Row }>),
  };
}

const wrong = (count: number): string =>
  `{"dev":"namespace0.0","mode":"fsdax","size":1073741824,"blockdev":"pmem0","badblocks":[${'{},'.repeat(count - 1)}{}]}`;
const refused = '{"chardev":"dax9.0","size":4097,"mode":"devdax"}';

it('[CUT5] of more than 10 000 values that cannot be read the first are told, what the model refuses before them, and how many there are', async () => {
  const { devices, skipped, cut } = await imported('values', `[${wrong(150_000)},${refused}]`);
  expect(devices).toMatchObject([{ name: 'pmem0', change: 'created' }]);
  expect([skipped.length, cut]).toEqual([MAX, { skipped: 150_001 }]);
  expect(skipped.slice(0, 2)).toMatchObject([
    { name: 'dax9.0', reason: 'refused' },
    { name: 'namespace0.0', reason: 'invalid value', pointer: '/0/badblocks/0' },
  ]);
});

it('[CUT5] of more than 10 000 objects that a listing lacks the first are told', async () => {
  const dimms = (from: number, count: number): string => {
    const listed = Array.from({ length: count }, (_, at) => ({ dev: `nmem${String(from + at)}` }));
    return JSON.stringify([{ dev: 'ndbus0', dimms: listed }]);
  };
  await imported('lacks', dimms(0, MAX - 1));
  await imported('lacks', dimms(MAX - 1, 3));
  const { absent, cut } = await imported('lacks', dimms(MAX + 2, 1));
  expect([absent.length, cut]).toEqual([MAX, { absent: MAX + 2 }]);
});

it('what is told of an object that is skipped is no longer than it has to be', async () => {
  const long = 'x'.repeat(300_000);
  const { skipped, cut, body } = await imported(
    'long',
    `[{"dev":"${long}"},{"chardev":"dax0.0","size":1,"mode":"${long}"}]`,
  );
  expect([skipped.map(({ name }) => String(name).length), cut]).toEqual([[6, 256, 6], undefined]);
  expect(body.length).toBeLessThan(3_000);
});

it('a key of four million characters over 3 000 objects is answered', async () => {
  const { skipped } = await imported('key', `{"${'k'.repeat(4_000_000)}":[${'{},'.repeat(2_999)}{}]}`);
  expect(skipped).toHaveLength(3_000);
  expect(new Set(skipped.map(({ pointer }) => pointer))).toEqual(new Set(['/…']));
});
