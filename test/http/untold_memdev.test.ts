import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { CXL_DRIVERS, REMOVE_TRIGGERS, REMOVE_VIAS } from '../../src/engine/model/vocabulary.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const MIB = 2 ** 20;
const target = (position: number) => ({
  position,
  memdev: `mem${String(position)}`,
  decoder: `decoder${String(position + 2)}.0`,
});
const REGION = { region: 'region0', resource: 2 ** 36, size: 512 * MIB, type: 'pmem', interleave_ways: 1 };
const ONE_WAY = { ...REGION, mappings: [target(0)] };
const TWO_WAYS = { ...REGION, interleave_ways: 2, mappings: [target(0), target(1)] };
const SECOND_CARD = { memdev: 'mem1', pmem_size: 256 * MIB, serial: 2, host: '0000:0e:00.0' };
const DAX = { chardev: 'dax0.0', size: 502 * MIB, target_node: 1, align: 2 * MIB, mode: 'devdax' };
const KERNELS = ['v6.1', 'v6.12', 'v7.3'];

async function listed(name: string, kernel: string, ...listings: readonly object[]): Promise<string> {
  await server.call('POST', '/v1/hosts', { name, kernel });
  for (const listing of listings) {
    const said = await server.call('POST', `/v1/hosts/${name}/inventory`, JSON.stringify([listing]));
    expect(said.status).toBe(200);
  }
  return `/v1/hosts/${name}`;
}

test.each(KERNELS)(
  '[CX22] a region without its memdevs is asked on %s, and the fleet with it',
  async (kernel) => {
    const host = await listed(`a-${kernel.replace('.', '-')}`, kernel, ONE_WAY, DAX);
    for (const path of ['/v1/fleet', '/v1/assessment', `${host}/dax-devices/dax0.0/holders`]) {
      expect((await server.call('GET', path)).status).toBe(200);
    }
    for (const trigger of REMOVE_TRIGGERS) {
      expect((await server.call('POST', '/v1/plans', { hosts: [host.slice(10)], trigger })).status).toBe(200);
      for (const via of REMOVE_VIAS) {
        const path = `${host}/dax-devices/dax0.0/remove?dry_run=true`;
        expect((await server.call('POST', path, { trigger, via })).status).toBeLessThan(500);
      }
    }
  },
);

test.each(CXL_DRIVERS)('[CX22] a card that nobody told takes its device with it, by %s', async (via) => {
  const host = await listed(via.replace('_', '-'), 'v6.12', ONE_WAY, DAX);
  const body = { trigger: 'unbind', via };
  const path = `${host}/dax-devices/dax0.0/remove`;
  const { status, json } = await server.call('POST', path, body, { prefer: 'wait=5' });
  expect([status, json]).toMatchObject([200, { state: 'completed', cxl_memdev: 'mem0' }]);
  const { steps } = json as unknown as RemovalRecord;
  expect(steps.find(({ name }) => name === 'cxl_memdev_remove')?.result).toEqual({
    memdev: 'mem0',
    state: null,
  });
  const region = await server.call('GET', `${host}/cxl-regions/region0`);
  expect(region.json).toMatchObject({ decode_state: 'reset', mappings: [] });
  expect((await server.call('GET', `${host}/cxl-memdevs`)).json).toMatchObject({ items: [] });
});

test.each(KERNELS)('[CX22] of a region of two ways one card is told: it goes, on %s', async (kernel) => {
  const host = await listed(`two-${kernel.replace('.', '-')}`, kernel, TWO_WAYS, SECOND_CARD, DAX);
  const path = `${host}/cxl-memdevs/mem1/remove`;
  const said = await server.call('POST', path, { trigger: 'surprise_removal' }, { prefer: 'wait=5' });
  expect(said.json).toMatchObject({
    cxl_memdev: { state: 'gone', committed_with_zero_size: true, left_region: 'region0' },
    cxl_regions: [{ decode_state: 'reset', mappings: [target(0)] }],
    removals: [{ state: 'completed' }],
  });
});
