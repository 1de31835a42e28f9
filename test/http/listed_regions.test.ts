import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_PROBES } from '../../src/engine/kernels/told.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const UBUNTU = '6.8.0-45-generic';
const RAM_REGIONS = '09d09e04d2fc';
const PMEM_REGIONS = '04ad63f086d1';
const MEMDEV = { memdev: 'mem0', ram_size: 2 ** 30, serial: 1, host: '0000:0d:00.0' };
const region = (type: string) => ({
  region: 'region0',
  resource: 2 ** 36,
  size: 2 ** 30,
  type,
  interleave_ways: 1,
  mappings: [{ position: 0, memdev: 'mem0', decoder: 'decoder2.0' }],
});

async function listed(name: string, listing: readonly object[], told: object = {}): Promise<string> {
  await server.call('POST', '/v1/hosts', { name, kernel_release: UBUNTU, ...told });
  const said = await server.call('POST', `/v1/hosts/${name}/inventory`, JSON.stringify(listing));
  expect(said.status).toBe(200);
  return `/v1/hosts/${name}`;
}

async function unknownOf(at: string): Promise<readonly string[]> {
  const { json } = await server.call('GET', `${at}/kernel`);
  return (json['unknown'] as { readonly id: string }[]).map(({ id }) => id);
}

describe('[KREL9] a listing', () => {
  test('of a region for RAM proves both, and no way without them is tried', async () => {
    const at = await listed('ram', [MEMDEV, region('ram')]);
    const unknown = await unknownOf(at);
    expect(unknown).not.toContain(RAM_REGIONS);
    expect(unknown).not.toContain(PMEM_REGIONS);
    const path = `${at}/cxl-memdevs/mem0/remove?dry_run=true`;
    const { json } = await server.call('POST', path, { trigger: 'unbind' });
    expect(JSON.stringify(json)).not.toContain('"/sys/bus/cxl"');
  });

  test('of a region for persistent memory proves that alone', async () => {
    const unknown = await unknownOf(await listed('pmem', [MEMDEV, region('pmem')]));
    expect(unknown).toContain(RAM_REGIONS);
    expect(unknown).not.toContain(PMEM_REGIONS);
  });

  test('of a memdev alone proves neither', async () => {
    expect(await unknownOf(await listed('memdev', [MEMDEV]))).toContain(PMEM_REGIONS);
  });

  test('is believed after other files were looked up, and not with a kernel that boots', async () => {
    const at = await listed('later', [MEMDEV, region('ram')]);
    const sysfs = { '/sys/devices/system/memory/auto_online_blocks': 'online' };
    await server.call('PATCH', at, { kernel_probes: { sysfs } });
    expect(await unknownOf(at)).not.toContain(RAM_REGIONS);
    const none = { kernel_probes: { sysfs: { '/sys/bus/cxl': false } } };
    expect((await server.call('PATCH', at, none)).json).toMatchObject({ code: 'invalid_field' });
    await server.call('POST', `${at}/reboot`, { kernel: 'v6.12' });
    expect((await server.call('GET', at)).json['kernel_probes']).toEqual(NO_PROBES);
  });

  test('tells once, and nothing of a profile', async () => {
    const at = await listed('twice', [MEMDEV, region('ram')]);
    const { revision, kernel_probes } = (await server.call('GET', at)).json;
    expect(kernel_probes).toMatchObject({ sysfs: { '/sys/bus/cxl/devices/regionN/mode': 'ram' } });
    await server.call('POST', `${at}/inventory`, JSON.stringify([MEMDEV, region('ram')]));
    expect((await server.call('GET', at)).json['revision']).toBe(revision);
    const profile = await listed('profile', [MEMDEV, region('ram')], {
      kernel: 'v6.12',
      kernel_release: undefined,
    });
    expect((await server.call('GET', profile)).json['kernel_probes']).toEqual(NO_PROBES);
  });

  test('is told by hand: the region is there, of whatever type', async () => {
    const sysfs = { '/sys/bus/cxl/devices/region3': true };
    await server.call('POST', '/v1/hosts', {
      name: 'hand',
      kernel_release: UBUNTU,
      kernel_probes: { sysfs },
    });
    const unknown = await unknownOf('/v1/hosts/hand');
    expect(unknown).not.toContain(PMEM_REGIONS);
    expect(unknown).toContain(RAM_REGIONS);
  });
});
