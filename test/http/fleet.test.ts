import { afterAll, beforeAll, expect, test } from 'vitest';
import { Fleet } from '../../src/http/schemas/fleet.ts';
import { makeTopology, serve, type TestBody } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

const fleet = async () => Fleet.parse((await server.call('GET', '/v1/fleet')).json);
const list = async (url: string): Promise<readonly TestBody[]> => {
  const { status, json } = await server.call('GET', `${url}?limit=500`);
  expect([url, status, json.next_page]).toEqual([url, 200, null]);
  return json.items;
};
/** Counts of a list by what `wordOf` says of each, without zeros. */
const countsOf = (
  items: readonly TestBody[],
  wordOf: (item: TestBody) => unknown,
): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const item of items) counts[String(wordOf(item))] = (counts[String(wordOf(item))] ?? 0) + 1;
  return counts;
};
const told = (counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));

test('[FLEET1] an empty fleet is zeros', async () => {
  const { hosts, dax_devices, removals, exposures, ...rest } = await fleet();
  for (const { total, ...counts } of [hosts, dax_devices, removals, exposures]) {
    expect(total).toBe(0);
    expect(Object.values(counts).map(told)).toEqual(Object.values(counts).map(() => ({})));
  }
  expect(rest).toEqual({ by_host: [], by_tenant: [], by_kernel_release: [], as_of: 0 });
});

test('[FLEET1] counts are those of the lists', async () => {
  await makeScene();
  const counts = await fleet();
  const [hosts, devices, removals, exposures, assessed] = (await Promise.all(
    ['hosts', 'dax-devices', 'removals', 'exposures', 'assessment'].map((name) => list(`/v1/${name}`)),
  )) as [TestBody[], TestBody[], TestBody[], TestBody[], TestBody[]];
  const kernelOf = new Map(hosts.map((host) => [host['name'], host['kernel']]));
  expect(counts.hosts.total).toBe(hosts.length);
  expect(told(counts.hosts.health)).toEqual(countsOf(hosts, (host) => host['health']));
  expect(told(counts.hosts.kernel)).toEqual(countsOf(hosts, (host) => host['kernel']));
  expect(counts.dax_devices.total).toBe(devices.length);
  expect(told(counts.dax_devices.state)).toEqual(countsOf(devices, (device) => device['state']));
  expect(told(counts.dax_devices.mode)).toEqual(countsOf(devices, (device) => device['mode']));
  expect(told(counts.dax_devices.kernel)).toEqual(countsOf(devices, ({ host }) => kernelOf.get(host)));
  expect(told(counts.dax_devices.verdict)).toEqual(
    countsOf(assessed, ({ verdict, state }) => verdict ?? (state === 'waiting' ? 'waiting' : 'refused')),
  );
  expect(counts.removals.total).toBe(removals.length);
  expect(told(counts.removals.state)).toEqual(countsOf(removals, (removal) => removal['state']));
  expect(told(counts.removals.verdict)).toEqual(countsOf(removals, ({ verdict }) => verdict ?? 'none'));
  expect(told(counts.removals.kernel)).toEqual(countsOf(removals, (removal) => removal['kernel']));
  expect(counts.exposures.total).toBe(exposures.length);
  const isOpen = ({ open }: TestBody) => open === true;
  expect(told(counts.exposures.state)).toEqual(countsOf(exposures, (e) => (isOpen(e) ? 'open' : 'closed')));
  expect(counts.by_host).toEqual(
    hosts
      .map((host) => String(host['name']))
      .sort()
      .map((host) => ({
        host,
        dax_devices: devices.filter((device) => device.host === host).length,
        removals: removals.filter((removal) => removal.host === host).length,
        open_exposures: exposures.filter((exposure) => exposure.host === host && isOpen(exposure)).length,
      })),
  );
  expect(counts.by_tenant).toEqual(
    [null, 'a', 'b'].map((tenant) => ({
      tenant,
      dax_devices: devices.filter((device) => device['tenant'] === tenant).length,
      open_exposures: exposures.filter((e) => e['tenant'] === tenant && isOpen(e)).length,
    })),
  );
  const row = { kernel: 'resolved', kernel_release: '6.8.12', hosts: 2, dax_devices: 1 };
  expect([counts.by_kernel_release, counts.cut]).toEqual([[row], undefined]);
  expect(counts.as_of).toBe((await server.call('GET', '/v1/events')).json.as_of);
});

test('a query is refused', async () => {
  const { status, json } = await server.call('GET', '/v1/fleet?host=node-a');
  expect([status, json.code, json.errors.map(({ pointer }) => pointer)]).toEqual([
    400,
    'invalid_request',
    ['/host'],
  ]);
});

/**
 * Windows of tenant `a`, open on one host and closed on the other; a removal that waits for a pin; hosts told by their
 * release, one of them without a device.
 */
async function makeScene(): Promise<void> {
  const wait = { prefer: 'wait=60' };
  for (const host of ['node-b', 'node-a']) {
    const { at, mapping } = await makeTopology(server, host, 'v6.12');
    await server.call('POST', `${at}/processes`, { pid: 43, comm: 'a', tenant: 'a' });
    const file = await server.call('GET', `${at}/files`);
    const mine = { pid: 43, file: file.json.items[0]?.id, offset: 0, length: '2MiB', flags: ['shared'] };
    await server.call('POST', `${at}/mappings`, { ...mine, prot: 'rw', populate: 'write' });
    await server.call('POST', `${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, wait);
    await server.call('POST', `${at}/dax-devices/pmem0/bind`, { tenant: 'b' });
    if (host === 'node-b') await server.call('DELETE', `${at}/mappings/${mapping}`);
  }
  const { at, mapping } = await makeTopology(server, 'node-w', 'v6.1');
  const pin = { mapping, offset: 0, length: 4096, kind: 'longterm', holder: 'rdma' };
  await server.call('POST', `${at}/pins`, pin);
  await server.call('POST', `${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' });
  await server.call('POST', `${at}/dax-devices`, {
    name: 'dax1.0',
    mode: 'devdax',
    size: '1GiB',
    tenant: 'a',
  });
  for (const name of ['node-r', 'node-s'])
    expect((await server.call('POST', '/v1/hosts', { name, kernel_release: '6.8.12' })).status).toBe(201);
  const raw = { name: 'pmem0', mode: 'raw', size: '1GiB' };
  expect((await server.call('POST', '/v1/hosts/node-r/dax-devices', raw)).status).toBe(201);
}
