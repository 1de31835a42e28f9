import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const SIZE = 4225761280;
const END = SIZE / 512;
const headers = { 'content-type': 'application/json' };
let hosts = 0;

async function imported(...listings: readonly unknown[]) {
  hosts += 1;
  const host = `/v1/hosts/bad-${String(hosts)}`;
  await server.call('POST', '/v1/hosts', { name: `bad-${String(hosts)}`, kernel: 'v6.12' });
  let skipped: unknown[] = [];
  for (const listing of listings) {
    const answer = await server.call('POST', `${host}/inventory`, JSON.stringify(listing), headers);
    expect(answer.status).toBe(200);
    skipped = answer.json['skipped'] as unknown[];
  }
  const exported = async (format: string) =>
    (await server.call('GET', `${host}/inventory?format=${format}`)).text;
  return { host, skipped, exported };
}

const namespace = (badblocks: readonly object[], mode = 'fsdax') => ({
  ...{ dev: 'namespace0.0', mode, size: SIZE, uuid: '11111111-2222-4333-8444-555555555621' },
  ...(mode === 'raw' ? {} : { map: 'dev', align: 2097152 }),
  blockdev: 'pmem0',
  badblock_count: badblocks.length,
  badblocks,
});

test.each([
  [
    'zero length',
    [
      { offset: 42, length: 1 },
      { offset: 5, length: 0 },
    ],
  ],
  ['no length at all', [{ offset: 42, length: 1 }, { offset: 5 }]],
  [
    'negative',
    [
      { offset: -1, length: 8 },
      { offset: 42, length: 1, dimms: ['nmem0'] },
    ],
  ],
  [
    'behind the end',
    [
      { offset: 42, length: 1 },
      { offset: END + 99, length: 7 },
    ],
  ],
  ['over the end', [{ offset: END - 4, length: 16 }]],
  [
    'twice, and out of order',
    [
      { offset: 50, length: 8 },
      { offset: 42, length: 1 },
      { offset: 50, length: 8 },
    ],
  ],
  ['nothing else', [{ offset: 5, length: 0 }]],
  [
    'all of it at once',
    [{ offset: -1, length: 1 }, { offset: END, length: 1 }, { offset: 5, length: 0 }, null],
  ],
])('[IMP38] badblocks of which some cannot be are exported as listed: %s', async (_, badblocks) => {
  for (const mode of ['fsdax', 'raw']) {
    const listed = namespace(badblocks as readonly object[], mode);
    const { host, exported } = await imported([listed]);
    const first = await exported('ndctl');
    expect(JSON.parse(first)).toMatchObject([{ badblock_count: badblocks.length, badblocks }]);
    const again = await server.call('POST', `${host}/inventory`, first, headers);
    expect(again.json['devices']).toMatchObject([{ name: 'pmem0', change: 'unchanged' }]);
    expect(await exported('ndctl')).toBe(first);
  }
});

test('[IMP5] those that lie behind the end are told where they stand, and only the others are the device’s', async () => {
  const badblocks = [
    { offset: 42, length: 1 },
    { offset: END - 4, length: 16 },
    { offset: END + 99, length: 7 },
  ];
  const { host, skipped } = await imported([namespace(badblocks)]);
  const behind = {
    kind: 'badblocks',
    name: 'pmem0',
    reason: 'past the end',
    document: 0,
    pointer: '/0/badblocks',
  };
  expect(skipped).toMatchObject([behind, behind]);
  const device = await server.call('GET', `${host}/dax-devices/pmem0`);
  expect(device.json['badblocks']).toEqual([
    { offset: 42, length: 1 },
    { offset: END - 4, length: 4 },
  ]);
});

test('[IMP60] a listing of a device without its mode hides the counts of its blocks, in either order', async () => {
  const ram = { chardev: 'dax0.2', size: 4292870144, target_node: 2, mode: 'system-ram', movable: false };
  const devices = [{ chardev: 'dax0.2', size: 4292870144 }];
  const daxregion = { id: 0, size: 4292870144, align: 2097152, devices };
  const uuid = '11111111-2222-4333-8444-555555555816';
  const old = { dev: 'namespace0.2', mode: 'devdax', map: 'mem', size: 4292870144, uuid, daxregion };
  for (const listings of [
    [[ram], [old]],
    [[old], [ram]],
  ]) {
    const { exported } = await imported(...listings);
    for (const format of ['daxctl', 'ndctl']) expect(await exported(format)).not.toMatch(/memblocks/);
  }
  const counted = { ...ram, online_memblocks: 31, total_memblocks: 31 };
  const { exported } = await imported([counted], [old]);
  expect(await exported('daxctl')).toMatch(/"total_memblocks": 31/);
});
