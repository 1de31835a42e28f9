import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const HOST = '/v1/hosts/h';
const DEVICE = `${HOST}/dax-devices/dax0.0`;
const REGION = `${HOST}/cxl-regions/region0`;
const SIZE = 2 ** 30;
const CXL = [
  { memdevs: [{ memdev: 'mem0', ram_size: SIZE, serial: 1, host: '0000:0d:00.0' }] },
  {
    regions: [
      {
        region: 'region0',
        resource: 2 ** 36,
        size: SIZE,
        type: 'dynamic_ram_a',
        interleave_ways: 1,
        interleave_granularity: 256,
        decode_state: 'commit',
        mappings: [{ position: 0, memdev: 'mem0', decoder: 'decoder2.0' }],
      },
    ],
  },
];
const DAX = [{ chardev: 'dax0.0', size: SIZE, target_node: 1, align: 2 ** 21, mode: 'devdax' }];
const UNKNOWN = { status: 409, json: { code: 'outcome_unknown' } };

test('[IMP68, CX23] a region of a type that is not modelled is listed, exported, and refuses what depends on it', async () => {
  await server.call('POST', '/v1/hosts', { name: 'h', kernel: 'v7.3' });
  for (const listing of [CXL, DAX])
    expect((await server.call('POST', `${HOST}/inventory`, listing)).status).toBe(200);
  const shown = { name: 'region0', type: 'unknown', type_as_listed: 'dynamic_ram_a' };
  expect((await server.call('GET', REGION)).json).toMatchObject(shown);
  expect((await server.call('GET', '/v1/cxl-regions?type=unknown')).json).toMatchObject({ items: [shown] });
  const exported = await server.call('GET', `${HOST}/inventory?format=cxl`);
  expect(JSON.parse(exported.text)).toEqual(CXL);

  expect((await server.call('GET', `${DEVICE}/holders`)).status).toBe(200);
  expect((await server.call('GET', '/v1/fleet')).status).toBe(200);
  expect((await server.call('GET', '/v1/assessment?host=h')).status).toBe(200);
  const made = await server.call('POST', `${HOST}/dax-devices`, {
    name: 'dax9.0',
    mode: 'devdax',
    size: '1GiB',
    provider: 'CXL',
    cxl: { type: 'unknown' },
  });
  expect(made).toMatchObject({ status: 400, json: { code: 'invalid_request' } });

  const unbind = { trigger: 'unbind' };
  const removal = await server.call('POST', `${DEVICE}/remove`, unbind, { prefer: 'wait=60' });
  expect(removal.json).toMatchObject({ state: 'completed', dax_device: 'dax0.0' });
  const bound = await server.call('POST', `${DEVICE}/bind`, { mode: 'fsdax' });
  expect(bound).toMatchObject(UNKNOWN);
  expect(bound.text).toContain('region0 is listed with type dynamic_ram_a');
});

test('[CX23] a memdev beneath it goes as it does beneath any other', async () => {
  await server.call('POST', '/v1/hosts', { name: 'm', kernel: 'v7.3' });
  for (const listing of [CXL, DAX]) await server.call('POST', '/v1/hosts/m/inventory', listing);
  const gone = await server.call('POST', '/v1/hosts/m/cxl-memdevs/mem0/remove', {
    trigger: 'surprise_removal',
  });
  expect(gone.json).toMatchObject({
    removals: [{ dax_device: 'dax0.0' }],
    cxl_regions: [{ name: 'region0' }],
  });
});
