import { afterAll, beforeAll, expect, test } from 'vitest';
import { CxlMemdev, CxlMemdevRemoval, CxlRegion } from '../../src/http/schemas/cxl.ts';
import { DaxDevice } from '../../src/http/schemas/dax_device.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const at = '/v1/hosts/node-x';

beforeAll(async () => {
  await server.call('POST', '/v1/hosts', { name: 'node-x', kernel: 'v6.12' });
  const device = { name: 'dax0.0', mode: 'devdax', size: '64MiB', provider: 'CXL' };
  const cxl = { memdevs: [{ name: 'mem0', serial: '0x1', pci: '0000:0d:00.0' }], region: 'region0' };
  await server.call('POST', `${at}/dax-devices`, { ...device, cxl });
});

const mem0 = async () => (await server.call('GET', `${at}/cxl-memdevs/mem0`)).json;
const region0 = async () => (await server.call('GET', `${at}/cxl-regions/region0`)).json;

test('memdevs and regions are lists with filters, and resources with an ETag', async () => {
  const lists = await Promise.all(
    ['cxl-memdevs?serial=0x1', 'cxl-memdevs?state=gone', 'cxl-regions?decode_state=commit&type=pmem'].map(
      async (path) => (await server.call('GET', `${at}/${path}`)).json.items.length,
    ),
  );
  expect(lists).toEqual([1, 0, 1]);
  expect(CxlMemdev.safeParse(await mem0()).error).toBeUndefined();
  expect(CxlRegion.safeParse(await region0()).error).toBeUndefined();
  const { headers } = await server.call('GET', `${at}/cxl-regions/region0`);
  const again = await server.call('GET', `${at}/cxl-regions/region0`, undefined, {
    'if-none-match': headers['etag'] ?? '',
  });
  expect(again.status).toBe(304);
});

test.each([
  ['GET', 'cxl-memdevs/mem9', undefined, 404, 'cxl_memdev_not_found'],
  ['GET', 'cxl-regions/region9', undefined, 404, 'cxl_region_not_found'],
  ['POST', 'cxl-memdevs/mem9/remove', { trigger: 'unbind' }, 404, 'cxl_memdev_not_found'],
  ['POST', 'cxl-memdevs/mem0/remove', {}, 400, 'invalid_request'],
  ['POST', 'cxl-memdevs/mem0/bind', { driver: 'nd_pmem' }, 400, 'invalid_request'],
  ['POST', 'cxl-memdevs/mem0/bind', { driver: 'cxl_mem' }, 409, 'kernel_refused'],
  ['POST', 'cxl-regions/region0/bind', {}, 409, 'kernel_refused'],
  ['POST', 'cxl-regions/region0/commit', { memdevs: [] }, 400, 'invalid_request'],
  ['POST', 'cxl-memdevs/mem0/remove', { trigger: 'unbind', via: 'cxl_disable_memdev' }, 409, 'tool_refused'],
] as const)('%s %s is refused with its code', async (method, path, body, status, code) => {
  const answer = await server.call(method, `${at}/${path}`, body);
  expect([answer.status, answer.json.code]).toEqual([status, code]);
});

test('a dry run of a memdev that goes starts nothing', async () => {
  const dry = await server.call('POST', `${at}/cxl-memdevs/mem0/remove?dry_run=true`, { trigger: 'unbind' });
  const { removals } = CxlMemdevRemoval.parse(dry.json);
  expect([dry.status, removals.length, (await mem0()).state]).toEqual([200, 1, 'enabled']);
});

test('a memdev that goes is 202 with the first removal, or 200 once all have ended; the region is brought back', async () => {
  const path = `${at}/cxl-memdevs/mem0/remove`;
  const key = { 'idempotency-key': 'pull' };
  const gone = await server.call('POST', path, { trigger: 'unbind' }, { ...key, prefer: 'wait=60' });
  expect([gone.status, gone.headers['preference-applied']]).toEqual([200, 'wait=60']);
  const { cxl_memdev, cxl_regions, removals } = CxlMemdevRemoval.parse(gone.json);
  expect(gone.headers['location']).toBe(`/v1/removals/${removals[0]?.id ?? ''}`);
  expect([cxl_memdev.state, cxl_regions[0]?.decode_state]).toEqual(['gone', 'reset']);
  expect((await server.call('POST', path, { trigger: 'unbind' }, key)).status).toBe(202);
  const device = DaxDevice.parse((await server.call('GET', `${at}/dax-devices/dax0.0`)).json);
  expect([device.state, device.conditions[0]?.type]).toEqual(['unbound', 'cxl_region_reset']);

  const media = { media_serial: '0x2' };
  await server.call('POST', `${at}/hotplug-events`, { action: 'replace', dax_device: 'dax0.0', media });
  expect([(await mem0()).serial, (await mem0()).state]).toEqual(['0x2', 'enabled']);
  const commit = await server.call('POST', `${at}/cxl-regions/region0/commit`, { memdevs: ['mem0'] });
  expect([commit.status, commit.json.decode_state]).toEqual([200, 'commit']);
  expect((await server.call('POST', `${at}/cxl-regions/region0/bind`, {})).json.state).toBe('enabled');
  const bound = await server.call('POST', `${at}/dax-devices/dax0.0/bind`, { mode: 'devdax' });
  expect([bound.json.state, bound.json.generation]).toEqual(['bound', 2]);
});

test('a memdev under nothing that is bound goes at once', async () => {
  const device = { name: 'dax1.0', mode: 'devdax', size: '64MiB', provider: 'CXL', state: 'unbound' };
  await server.call('POST', `${at}/dax-devices`, device);
  const gone = await server.call('POST', `${at}/cxl-memdevs/mem1/remove`, { trigger: 'unbind' });
  expect([gone.status, gone.json.removals, gone.headers['location']]).toEqual([200, [], undefined]);
  const back = await server.call('POST', `${at}/cxl-memdevs/mem1/bind`, { driver: 'cxl_pci' });
  expect([back.status, back.json.state]).toEqual([200, 'disabled']);
});

test('cxl list tells of memdevs and regions, and a device of ndctl list finds its region', async () => {
  await server.call('POST', '/v1/hosts', { name: 'node-y', kernel: 'v6.1' });
  const listing = (state: 'commit' | 'reset') => [
    {
      bus: 'root0',
      'endpoints:root0': [
        {
          endpoint: 'endpoint2',
          host: 'mem0',
          memdev: { memdev: 'mem0', pmem_size: 536870912, serial: 1, host: '0000:0d:00.0' },
          'decoders:endpoint2': [{ decoder: 'decoder2.0', region: 'region0', mode: 'pmem' }],
        },
      ],
      'decoders:root0': [
        {
          decoder: 'decoder0.0',
          'regions:decoder0.0': [
            {
              region: 'region0',
              resource: 41070624768,
              size: 536870912,
              interleave_ways: 1,
              interleave_granularity: 256,
              decode_state: state,
              mappings: state === 'reset' ? [] : [{ position: 0, memdev: 'mem0', decoder: 'decoder2.0' }],
              ...(state === 'reset' ? { state: 'disabled' } : {}),
            },
          ],
        },
      ],
    },
  ];
  const post = async (body: unknown) =>
    (await server.call('POST', '/v1/hosts/node-y/inventory', body)).status;
  expect(await post(listing('commit'))).toBe(200);
  const memdev = (await server.call('GET', '/v1/hosts/node-y/cxl-memdevs/mem0')).json;
  expect([memdev.serial, memdev.pci, memdev.pmem_size, memdev.state]).toEqual([
    '0x1',
    '0000:0d:00.0',
    536870912,
    'enabled',
  ]);
  const region = async () => (await server.call('GET', '/v1/hosts/node-y/cxl-regions/region0')).json;
  expect([(await region()).type, (await region()).resource, (await region()).mappings]).toEqual([
    'pmem',
    '0x990000000',
    [{ position: 0, memdev: 'mem0', decoder: 'decoder2.0' }],
  ]);
  expect(await post(listing('reset'))).toBe(200);
  expect([(await region()).state, (await region()).decode_state]).toEqual(['disabled', 'reset']);
});
