import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newHosts } from '../support/new_host.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const SIZE = 2 ** 30;
const BARE = {
  region: 'region0',
  type: 'ram',
  mappings: [{ position: 0, memdev: 'mem0', decoder: 'decoder2.0' }],
};
const CARD = { memdev: 'mem0', ram_size: SIZE, serial: 1, host: '0000:0d:00.0' };
const DAX = { chardev: 'dax0.0', size: SIZE, target_node: 1, align: 2 ** 21, mode: 'devdax' };
const UNKNOWN = { status: 409, json: { code: 'outcome_unknown' } };
const newHost = newHosts(server);

async function withListings(...listings: readonly object[]): Promise<string> {
  const at = await newHost({ kernel: 'v7.3' });
  for (const listing of listings)
    expect((await server.call('POST', `${at}/inventory`, [listing])).status).toBe(200);
  return at;
}

describe('[CX24] of a region of which no listing tells the size and the ways', () => {
  test('both are null, and not in the export', async () => {
    const at = await withListings(CARD, BARE, DAX);
    const shown = { name: 'region0', size: null, interleave_ways: null };
    expect((await server.call('GET', `${at}/cxl-regions/region0`)).json).toMatchObject(shown);
    const { text } = await server.call('GET', `${at}/inventory?format=cxl`);
    expect(JSON.parse(text)).toContainEqual({ regions: [BARE] });
  });

  test('a list has it before those of which one tells', async () => {
    const at = await withListings(CARD, { ...BARE, region: 'region1', mappings: [], size: 4096 }, BARE);
    const namesBy = async (sort: string): Promise<unknown> => {
      const path = `${at}/cxl-regions?limit=1&sort=${sort}`;
      const { json } = await server.call('GET', path);
      const next = await server.call('GET', `${path}&page_token=${String(json.next_page)}`);
      return [...json.items, ...next.json.items].map(({ id }) => id);
    };
    expect(await namesBy('size')).toEqual(['region0', 'region1']);
    expect(await namesBy('-size')).toEqual(['region1', 'region0']);
  });

  test('a removal goes its way, and what needs them is outcome_unknown', async () => {
    const at = await withListings(CARD, BARE, DAX);
    const remove = `${at}/cxl-memdevs/mem0/remove`;
    const wait = { prefer: 'wait=60' };
    const gone = await server.call('POST', remove, { trigger: 'surprise_removal' }, wait);
    expect(gone.json).toMatchObject({ removals: [{ dax_device: 'dax0.0' }] });
    const media = (size: number) => ({
      action: 'replace',
      dax_device: 'dax0.0',
      media: { size },
      tenant: 'other',
    });
    const larger = await server.call('POST', `${at}/hotplug-events`, media(2 * SIZE));
    expect(larger).toMatchObject({
      ...UNKNOWN,
      json: { ...UNKNOWN.json, errors: [{ pointer: '/media/size' }] },
    });
    expect((await server.call('POST', `${at}/hotplug-events`, media(SIZE))).status).toBe(201);
    const commit = await server.call('POST', `${at}/cxl-regions/region0/commit`, { memdevs: ['mem0'] });
    expect(commit).toMatchObject(UNKNOWN);
    expect(commit.text).toContain('no listing tells the size and the interleave_ways of region0');
    const device = { name: 'dax0.1', mode: 'devdax', size: 4096, align: 4096, provider: 'CXL' };
    const made = await server.call('POST', `${at}/dax-devices`, { ...device, cxl: { region: 'region0' } });
    expect(made).toMatchObject({
      ...UNKNOWN,
      json: { ...UNKNOWN.json, errors: [{ pointer: '/cxl/region' }] },
    });
  });

  test('its decoders tell them', async () => {
    const decoder = {
      decoder: 'decoder2.0',
      resource: 2 ** 36,
      size: SIZE,
      interleave_ways: 2,
      interleave_granularity: 256,
      region: 'region0',
    };
    const at = await withListings(CARD, BARE, { 'endpoint decoders': [decoder] });
    expect((await server.call('GET', `${at}/cxl-regions/region0`)).json).toMatchObject({
      resource: '0x1000000000',
      size: SIZE,
      interleave_ways: 2,
      interleave_granularity: 256,
    });
    const { text } = await server.call('GET', `${at}/inventory?format=cxl`);
    expect(JSON.parse(text)).toContainEqual({ regions: [BARE] });
  });
});
