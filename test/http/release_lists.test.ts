import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

test('hosts and their dax devices are found by the release that the fleet counts them by', async () => {
  for (const [name, kernel_release, devices] of [
    ['node-a', '6.8.12', ['dax0.0', 'dax1.0']],
    ['node-b', '6.6.30', ['dax0.0']],
    ['node-c', '6.6.30', ['dax2.0']],
  ] as const) {
    expect((await server.call('POST', '/v1/hosts', { name, kernel_release })).status).toBe(201);
    for (const device of devices) {
      const body = { name: device, mode: 'devdax', size: '1GiB', provider: 'CXL' };
      expect((await server.call('POST', `/v1/hosts/${name}/dax-devices`, body)).status).toBe(201);
    }
  }
  await server.call('POST', '/v1/hosts', { name: 'node-d', kernel: 'v6.12' });
  const rows = async (url: string) => (await server.call('GET', url)).json.items;
  const { by_kernel_release } = (await server.call('GET', '/v1/fleet')).json as unknown as {
    by_kernel_release: { kernel_release: string; hosts: number; dax_devices: number }[];
  };
  expect(by_kernel_release).toHaveLength(2);
  for (const { kernel_release, hosts, dax_devices } of by_kernel_release) {
    expect(await rows(`/v1/hosts?kernel_release=${kernel_release}`)).toHaveLength(hosts);
    expect(await rows(`/v1/dax-devices?kernel_release=${kernel_release}`)).toHaveLength(dax_devices);
  }
  const named = (await rows('/v1/dax-devices?kernel_release=6.6.30')).map((row) => [row['host'], row.name]);
  expect(named).toEqual([
    ['node-b', 'dax0.0'],
    ['node-c', 'dax2.0'],
  ]);
  expect(await rows('/v1/dax-devices?kernel_release=6.6.30&host=node-c&mode=devdax')).toHaveLength(1);
  expect(await rows('/v1/hosts/node-a/dax-devices?kernel_release=6.6.30')).toEqual([]);
  expect(await rows('/v1/hosts?kernel_release=6.12')).toEqual([]);
});
