import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const HOST = '/v1/hosts/node-x';
const server = serve(beforeAll, afterAll);
beforeAll(async () => {
  await made('/v1/hosts', { name: 'node-x', kernel: 'v6.12', auto_online_blocks: 'online' });
  await made(`${HOST}/dax-devices`, { name: 'dax0.0', mode: 'devdax', size: '64MiB', provider: 'CXL' });
  await made(`${HOST}/dax-devices`, { name: 'dax1.0', mode: 'system-ram', size: '256MiB' });
});

async function made(url: string, body: unknown) {
  const answer = await server.call('POST', url, body);
  expect([url, answer.status, answer.json.code]).toEqual([url, 201, undefined]);
  return answer.json;
}

/** Every item of a list at its own path, by its id. */
async function byId(list: string) {
  const { items } = (await server.call('GET', list)).json;
  expect(items.length).toBeGreaterThan(0);
  return Promise.all(
    items.map(async (item) => ({ item, own: (await server.call('GET', `${list}/${item.id}`)).json })),
  );
}

test('memory blocks, memdevs and regions are found by their id', async () => {
  for (const list of ['dax-devices/dax1.0/memory-blocks', 'cxl-memdevs', 'cxl-regions'])
    for (const { item, own } of await byId(`${HOST}/${list}`)) expect(own).toEqual(item);
});

test('no two resources of a host show one uid', async () => {
  const lists = ['dax-devices', 'cxl-memdevs', 'cxl-regions', 'dax-devices/dax1.0/memory-blocks'];
  const pages = await Promise.all(lists.map((list) => server.call('GET', `${HOST}/${list}`)));
  const uids = pages.flatMap(({ json }) => json.items.map(({ uid }) => uid as string | undefined));
  const told = uids.filter((uid) => uid !== undefined);
  expect([new Set(told).size, uids.length - told.length]).toEqual([told.length, 2]);
});

test('a memory block has no revision either: its ETag tells what is shown of it', async () => {
  const url = `${HOST}/dax-devices/dax1.0/memory-blocks`;
  const [block] = (await server.call('GET', url)).json.items;
  expect(block).not.toHaveProperty('revision');
  expect((await server.call('GET', `${url}/${String(block?.id)}`)).headers['etag']).toMatch(
    /^"[0-9a-f-]+\.\d+~[0-9a-f]+"$/,
  );
});

test('the ledger shows a leaked range as the report of its removal does, also where the address is not known', async () => {
  const answer = await server.call(
    'POST',
    `${HOST}/dax-devices/dax1.0/remove`,
    { trigger: 'unbind' },
    { prefer: 'wait=60' },
  );
  const { leaked_ranges: reported } = answer.json['report'] as { leaked_ranges: object[] };
  const { leaked_ranges: ledger } = (await server.call('GET', `${HOST}/capacity`)).json as unknown as {
    leaked_ranges: object[];
  };
  expect(reported).toHaveLength(1);
  expect(ledger).toMatchObject(reported);
});
