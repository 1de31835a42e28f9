import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveTopology } from '../support/server.ts';

interface Document {
  readonly paths: Readonly<
    Record<string, { readonly get?: { readonly parameters?: readonly { readonly name: string }[] } }>
  >;
}
const document = JSON.parse(
  readFileSync(new URL('../../openapi/daxplane.json', import.meta.url), 'utf8'),
) as Document;

/** Lists of what is no record of the store, which alone have no order to choose and, but for one, no labels. */
const OTHERS: Readonly<Record<string, string>> = {
  '/v1/hosts/{host}/dax-devices/{device}/holders': 'made for the question, of one device',
  '/v1/hosts/{host}/dax-devices/{device}/memory-blocks': 'made for the question, in order of addresses',
  '/v1/hosts/{host}/dax-devices/{device}/memory-failure': 'of one device, in order of its pages',
  '/v1/removals/{removal}/signals': 'of one report, as they were sent',
  '/v1/assessment': 'made for the question, of every device',
  '/v1/kernels': 'the kernels that are modelled',
  '/v1/webhooks': 'of no host, and a hundred at most',
  '/v1/webhooks/{webhook}/deliveries': 'of one webhook, in order of their creation',
  '/v1/fault-rules': 'of no host, a hundred at most, in the order in which they are met',
};
const PAGED = Object.entries(document.paths).flatMap(([path, { get }]) => {
  const names = get?.parameters?.map(({ name }) => name) ?? [];
  return names.includes('page_token') ? [{ path, names }] : [];
});
const LISTS = PAGED.filter(({ path }) => !(path in OTHERS));

const { server, topology } = serveTopology(beforeAll, afterAll);
beforeAll(async () => {
  expect((await server.call('PATCH', topology.at, { labels: { rack: '7' } })).status).toBe(200);
  const device = `${topology.at}/dax-devices/pmem0`;
  expect((await server.call('PATCH', device, { labels: { tier: 'hot' } })).status).toBe(200);
});

test('every list of records takes labels and an order, and what does not is named with its reason', () => {
  for (const { path, names } of LISTS)
    expect([path, names]).toEqual([path, expect.arrayContaining(['label', 'sort'])]);
  expect(PAGED.map(({ path }) => path)).toEqual(expect.arrayContaining(Object.keys(OTHERS)));
  expect(LISTS.length).toBeGreaterThan(Object.keys(OTHERS).length);
});

test.each(LISTS)(
  '[LIST1] $path is what it is without labels where all records have them',
  async ({ path }) => {
    const url = path.replace('{host}', 'node-a');
    const items = async (query: string): Promise<unknown> => {
      const { status, json } = await server.call('GET', `${url}?${query}`);
      expect([url, status]).toEqual([url, 200]);
      return json.items;
    };
    const isDevice = path.endsWith('/dax-devices');
    expect(await items(isDevice ? 'label=tier=hot' : 'label=rack=7')).toEqual(await items('limit=100'));
    expect(await items('label=rack=8')).toEqual([]);
  },
);

test('[LIST1] the assessment is of the devices with a label, of their own or of their host', async () => {
  const assessed = async (query: string) => (await server.call('GET', `/v1/assessment?${query}`)).json;
  for (const query of ['label=rack=7', 'label=tier=hot', 'label=tier=hot&label=rack=7'])
    expect(await assessed(query)).toMatchObject({
      items: [{ host: 'node-a', dax_device: 'pmem0' }],
      summary: { devices: 1 },
    });
  for (const query of ['label=rack=8', 'label=tier=hot&label=rack=8', 'label=tier=hot&mode=devdax'])
    expect(await assessed(query)).toMatchObject({ items: [], summary: { devices: 0 } });
  await server.call('PATCH', topology.at, { labels: { rack: '9' } });
  expect(await assessed('label=rack=7')).toMatchObject({ items: [] });
  await server.call('PATCH', topology.at, { labels: { rack: '7' } });
});

test('[LIST1] mounts and processes go by their dax device, where they are of one, and their host', async () => {
  const found = async (query: string): Promise<number> =>
    (await server.call('GET', `/v1/${query}`)).json.items.length;
  expect(await found('mounts?label=tier=hot')).toBe(1);
  expect(await found('mounts?label=tier=hot&label=rack=7')).toBe(1);
  expect(await found('mounts?label=tier=hot&label=rack=8')).toBe(0);
  expect(await found('processes?label=rack=7')).toBeGreaterThan(0);
  expect(await found('processes?label=tier=hot')).toBe(0);
});
