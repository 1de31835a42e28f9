import { afterAll, beforeAll, expect, test } from 'vitest';
import { unordered, valueOf } from '../inventory/support/host.ts';
import { otherListing, recorded } from '../inventory/support/recordings.ts';
import { serve } from '../support/server.ts';

const TREE = 'cxl list -vvv';

const server = serve(beforeAll, afterAll);

async function done(method: 'GET' | 'POST', url: string, body?: unknown) {
  const answer = await server.call(method, url, body, { prefer: 'wait=5' });
  expect([url, answer.status < 300 ? 'done' : answer.text]).toEqual([url, 'done']);
  return answer;
}

async function hostWith(name: string, kernel: string, ...texts: readonly string[]): Promise<string> {
  await done('POST', '/v1/hosts', { name, kernel });
  for (const text of texts) await done('POST', `/v1/hosts/${name}/inventory`, text);
  return `/v1/hosts/${name}`;
}

async function exported(host: string) {
  return unordered(valueOf((await done('GET', `${host}/inventory?format=cxl`)).text));
}

test('[IMP21] a CXL topology comes back as it was imported', async () => {
  const text = recorded('cxl2.region@6.12', TREE);
  const host = await hostWith('tree', 'v6.12', text);
  expect(await exported(host)).toEqual(unordered(valueOf(text)));
});

test('[M152] [M96] a memdev without a driver is listed apart, without an endpoint; one that is gone is not', async () => {
  const text = recorded('cxl.region@6.1', TREE);
  const host = await hostWith('disabled', 'v6.1', text);
  const recordedMemdev = (listing: string) => {
    const [anon] = valueOf(listing) as [{ 'anon memdevs': unknown[] }];
    return anon['anon memdevs'];
  };
  await done('POST', `${host}/cxl-memdevs/mem0/remove`, { via: 'cxl_mem', trigger: 'unbind' });
  const [anon, { buses }] = (await exported(host)) as [object, { buses: object[] }];
  expect(anon).toEqual({ 'anon memdevs': recordedMemdev(otherListing('cxl-vvv.memdev-disabled@6.1')) });
  expect(JSON.stringify(buses)).not.toContain('endpoint');
  expect(JSON.stringify(buses)).toContain('"decode_state":"reset"');
  expect(JSON.stringify(buses)).not.toMatch(/"decoder":"decoder1.0"[^}]*"region":/);
  expect(await done('GET', `${host}/cxl-regions/region0`)).toMatchObject({
    json: { decode_state: 'reset', mappings: [] },
  });
  await done('POST', `${host}/cxl-memdevs/mem0/remove`, { via: 'cxl_pci', trigger: 'unbind' });
  expect(JSON.stringify(await exported(host))).not.toContain('mem0');
});

test.each([
  ['v6.1', '6.1', ['nmem0']],
  ['v6.12', '6.12', []],
] as const)(
  '[M96] what is left of the nmem of a memdev without a driver, %s',
  async (kernel, recording, dimms) => {
    const of = `cxl.region@${recording}`;
    const host = await hostWith(
      `nmem-${recording}`,
      kernel,
      recorded(of, TREE),
      recorded(of, 'ndctl list -RBNDMXvi'),
    );
    await done('POST', `${host}/cxl-memdevs/mem0/remove`, { via: 'cxl_mem', trigger: 'unbind' });
    const { text } = await done('GET', `${host}/inventory?format=ndctl`);
    const buses = valueOf(text) as { dimms?: { dev: string }[] }[];
    expect(buses.flatMap(({ dimms: own = [] }) => own.map(({ dev }) => dev))).toEqual(dimms);
  },
);

test('[IMP18] what a complete listing lacks is gone, and comes back under its new number', async () => {
  const host = await hostWith('complete', 'v6.1', recorded('cxl.region-devdax@6.1', TREE));
  await done('POST', `${host}/inventory`, recorded('cxl.region-devdax@6.1', 'ndctl list -RBNDMXvi'));
  const without = otherListing('cxl-vvv.pci-unbound@6.1');
  const partial = await done('POST', `${host}/inventory`, without);
  expect(partial.json['absent']).toMatchObject([
    { name: 'namespace0.0', dax_device: 'dax0.0' },
    { name: 'endpoint2' },
    { name: 'mem0' },
    { name: 'decoder2.0' },
  ]);
  expect((await done('GET', `${host}/cxl-memdevs/mem0`)).json).toMatchObject({ state: 'enabled' });
  const whole = await done('POST', `${host}/inventory?complete=true`, without);
  expect(whole.json).toMatchObject({ absent: [] });
  const gone = (await done('GET', `${host}/cxl-memdevs/mem0`)).json;
  expect(gone).toMatchObject({ state: 'gone' });
  await done('POST', `${host}/inventory`, otherListing('cxl-vvv.returned-as-mem1@6.1'));
  const { items } = (await done('GET', `${host}/cxl-memdevs`)).json;
  expect(items).toMatchObject([{ name: 'mem1', uid: gone.uid, state: 'disabled' }]);
});

test('[IMP19] a device in use does not end by a listing', async () => {
  const text = recorded('nvdimm2.fsdax@6.12', 'ndctl list -RBNDMXv');
  const host = await hostWith('used', 'v6.12', text);
  const mount = { dax_device: 'pmem0', path: '/mnt', fs_type: 'ext4', dax: 'always', mkfs: true };
  await done('POST', `${host}/mounts`, mount);
  const [bus] = JSON.parse(text) as [{ regions: { namespaces: { blockdev?: string }[] }[] }];
  const without = bus.regions.map(({ namespaces, ...region }) => ({
    ...region,
    namespaces: namespaces.filter(({ blockdev }) => blockdev !== 'pmem0'),
  }));
  const listing = JSON.stringify([{ ...bus, regions: without }]);
  const { json } = await done('POST', `${host}/inventory?complete=true`, listing);
  const left = { name: 'pmem0', code: 'dax_device_in_use', document: null, pointer: '' };
  expect(json['skipped']).toContainEqual(expect.objectContaining(left));
  expect((await done('GET', `${host}/dax-devices/pmem0`)).json).toMatchObject({ state: 'bound' });
});
