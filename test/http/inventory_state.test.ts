import { afterAll, beforeAll, expect, test } from 'vitest';
import { recorded } from '../inventory/support/recordings.ts';
import { serve } from '../support/server.ts';

const NDCTL = 'ndctl list -RBNDMXvi';
const DAXCTL = 'daxctl list -RDM';

const server = serve(beforeAll, afterAll);
let hosts = 0;

/** A host of its own that these listings were imported into. */
async function hostWith(...texts: readonly string[]): Promise<string> {
  hosts += 1;
  const name = `h${String(hosts)}`;
  await done('POST', '/v1/hosts', { name, kernel: 'v6.12' });
  for (const text of texts) await importText(`/v1/hosts/${name}`, text);
  return `/v1/hosts/${name}`;
}

async function done(method: 'GET' | 'POST' | 'PATCH', url: string, body?: unknown) {
  const answer = await server.call(method, url, body, { prefer: 'wait=5' });
  expect([url, answer.status < 300 ? 'done' : answer.text]).toEqual([url, 'done']);
  return answer.json;
}

async function importText(host: string, text: string) {
  const answer = await server.call('POST', `${host}/inventory`, text, { 'content-type': 'application/json' });
  expect([text, answer.status]).toEqual([text, 200]);
  return answer.json.devices.map(({ change }) => change);
}

async function listingOf(host: string, format: 'ndctl' | 'daxctl'): Promise<unknown> {
  return JSON.parse((await server.call('GET', `${host}/inventory?format=${format}`)).text) as unknown;
}

async function regionsOf(host: string): Promise<Record<string, unknown>[]> {
  const buses = (await listingOf(host, 'ndctl')) as { regions?: Record<string, unknown>[] }[];
  return buses.flatMap(({ regions = [] }) => regions);
}

async function namespaceOf(host: string): Promise<Record<string, unknown>> {
  const namespaces = (await regionsOf(host)).flatMap(
    ({ namespaces: own = [] }) => own as Record<string, unknown>[],
  );
  return namespaces.find(({ dev }) => dev === 'namespace0.0') ?? {};
}

async function regionOf(host: string): Promise<Record<string, unknown>> {
  return (await regionsOf(host))[0] ?? {};
}

const devdax = () => hostWith(recorded('nvdimm.devdax@6.12', NDCTL), recorded('nvdimm.devdax@6.12', DAXCTL));
const remove = (host: string, device: string, via: string) =>
  done('POST', `${host}/dax-devices/${device}/remove`, { trigger: 'unbind', via });

test('[M123] without device_dax daxctl lists the device disabled, without dax_pmem it lists none', async () => {
  const host = await devdax();
  await remove(host, 'dax0.0', 'device_dax');
  expect(await listingOf(host, 'daxctl')).toEqual(
    JSON.parse(recorded('nvdimm.devdax-unbound@6.12', DAXCTL)) as unknown,
  );
  await remove(host, 'dax0.0', 'dax_pmem');
  expect(await listingOf(host, 'daxctl')).toEqual([]);
  const namespace = await namespaceOf(host);
  expect(namespace).toMatchObject({ mode: 'devdax', map: 'dev', state: 'disabled' });
  for (const key of ['size', 'daxregion', 'chardev']) expect(namespace).not.toHaveProperty(key);
  const again = await server.call('GET', `${host}/inventory?format=ndctl`);
  expect(await importText(host, again.text)).toEqual(['unchanged']);
  await done('POST', `${host}/dax-devices/dax0.0/bind`, { driver: 'dax_pmem' });
  expect(await namespaceOf(host)).toMatchObject({
    size: 1054867456,
    daxregion: { devices: [{ chardev: 'dax0.0' }] },
  });
});

test('[M122] a listing without dax_pmem makes a device that has no dax_pmem', async () => {
  const host = await devdax();
  await remove(host, 'dax0.0', 'dax_pmem');
  const other = await hostWith(recorded('nvdimm.devdax@6.12', NDCTL));
  const { text } = await server.call('GET', `${host}/inventory?format=ndctl`);
  expect(await importText(other, text)).toEqual(['updated']);
  expect(await done('GET', `${other}/dax-devices/dax0.0`)).toMatchObject({
    state: 'unbound',
    parent_bound: false,
  });
  expect(await listingOf(other, 'daxctl')).toEqual([]);
});

test('[M128] a destroyed namespace is no device to any tool, and is there again once it is made again', async () => {
  const host = await devdax();
  await remove(host, 'dax0.0', 'ndctl_destroy_namespace');
  expect(await listingOf(host, 'daxctl')).toEqual([]);
  expect(await namespaceOf(host)).toEqual({});
  for (const format of ['ndctl', 'daxctl'] as const) {
    expect(await importText(host, JSON.stringify(await listingOf(host, format)))).toEqual([]);
  }
  await done('POST', `${host}/dax-devices/dax0.0/bind`, { mode: 'fsdax' });
  expect(await namespaceOf(host)).toMatchObject({ mode: 'fsdax', blockdev: 'pmem0' });
});

test('[M103] a CXL region without a driver has no namespace and no dax device', async () => {
  const host = await hostWith();
  const device = {
    name: 'dax0.0',
    mode: 'devdax',
    size: '512MiB',
    provider: 'CXL',
    cxl: { region: 'region0' },
  };
  await done('POST', `${host}/dax-devices`, device);
  expect(await listingOf(host, 'daxctl')).toMatchObject([{ devices: [{ chardev: 'dax0.0' }] }]);
  await remove(host, 'dax0.0', 'cxl_region');
  expect(await listingOf(host, 'daxctl')).toEqual([]);
  expect(await importText(host, await text(host, 'daxctl'))).toEqual([]);
  expect(await done('GET', `${host}/dax-devices/dax0.0`)).toMatchObject({ state: 'unbound' });
});

async function text(host: string, format: string): Promise<string> {
  return (await server.call('GET', `${host}/inventory?format=${format}`)).text;
}

test('[M134] badblocks of a listing are in the model, and come back as they were listed', async () => {
  const listed = JSON.stringify([
    {
      dev: 'namespace0.0',
      mode: 'devdax',
      map: 'dev',
      size: 4225761280,
      uuid: '11111111-2222-4333-8444-555555555561',
      chardev: 'dax0.0',
      align: 2097152,
      badblock_count: 9,
      badblocks: [
        { offset: 8208, length: 8, dimms: ['nmem0'] },
        { offset: 8216, length: 1, dimms: ['nmem1'] },
      ],
    },
  ]);
  const host = await hostWith(listed);
  const at = `${host}/dax-devices/dax0.0`;
  const bytes = { offset: 8208 * 512, length: 9 * 512 };
  expect(await done('GET', at)).toMatchObject({ badblocks: [{ offset: 8208, length: 9 }] });
  const poisoned = { ...bytes, phys_addr: null, hwpoison: false, badblock: true };
  expect((await done('GET', `${at}/memory-failure`)).items).toEqual([poisoned]);
  const [{ badblock_count, badblocks }] = JSON.parse(listed) as [Record<string, unknown>];
  expect(await listingOf(host, 'ndctl')).toMatchObject([{ badblock_count, badblocks }]);
  expect(await importText(host, await text(host, 'ndctl'))).toEqual(['unchanged']);
  expect(await importText(host, listed)).toEqual(['unchanged']);

  expect(await done('GET', at)).toMatchObject({ clears_poison: null });
  const unknown = await server.call('POST', `${at}/clear-errors`, bytes);
  expect(unknown.json).toMatchObject({ status: 409, code: 'outcome_unknown' });
  await done('PATCH', at, { clears_poison: true });
  await done('POST', `${at}/clear-errors`, { offset: bytes.offset, length: 4096 });
  expect(await listingOf(host, 'ndctl')).toMatchObject([
    { badblock_count: 1, badblocks: [{ offset: 8216, length: 1, dimms: ['nmem1'] }] },
  ]);
});

test('[MF21] badblocks behind the end of a device are said, and those inside are kept', async () => {
  const one = { dev: 'namespace0.0', mode: 'fsdax', map: 'dev', size: 1054867456, blockdev: 'pmem0' };
  const end = 1054867456 / 512;
  const badblocks = [
    { offset: 8, length: 1 },
    { offset: end - 2, length: 4 },
    { offset: end + 100, length: 8 },
  ];
  const listed = [{ ...one, align: 2097152, badblock_count: 13, badblocks }];
  const host = await hostWith();
  const { status, json } = await server.call('POST', `${host}/inventory`, listed);
  expect(status).toBe(200);
  expect(json.skipped).toEqual([
    {
      kind: 'badblocks',
      name: 'pmem0',
      reason: 'past the end',
      detail: '4 sectors from 2060286: 2 of them lie behind the 1054867456 bytes of its data',
      document: 0,
      pointer: '/0/badblocks',
    },
    {
      kind: 'badblocks',
      name: 'pmem0',
      reason: 'past the end',
      detail: '8 sectors from 2060388: 8 of them lie behind the 1054867456 bytes of its data',
      document: 0,
      pointer: '/0/badblocks',
    },
  ]);
  expect(await done('GET', `${host}/dax-devices/pmem0`)).toMatchObject({
    badblocks: [
      { offset: 8, length: 1 },
      { offset: end - 2, length: 2 },
    ],
  });
});

test('[MF21] poison that cxl lists of a card is said to be on no device', async () => {
  const media_errors = [{ hpa: 0x1000, dpa: 0x40001000, dpa_length: 64, source: 'Injected', flags: '' }];
  const memdev = { memdev: 'mem0', pmem_size: 1073741824, serial: 7, host: '0000:0d:00.0', media_errors };
  const host = await hostWith();
  const { json } = await server.call('POST', `${host}/inventory`, [
    memdev,
    { ...memdev, memdev: 'mem1', serial: 8, media_errors: [] },
  ]);
  const skipped = json.skipped as readonly { kind: string }[];
  expect(skipped.filter(({ kind }) => kind === 'badblocks')).toMatchObject([
    { name: 'mem0', reason: 'not placeable', document: 0, pointer: '/0' },
  ]);
});

test('[M134] a machine check is listed for namespace and region, and in no listing without a driver', async () => {
  const host = await devdax();
  const at = `${host}/dax-devices/dax0.0`;
  await done('POST', `${at}/memory-failure`, { offset: 4136 * 512, length: 1, source: 'mce' });
  const badblocks = { badblock_count: 8, badblocks: [{ offset: 4136, length: 8, dimms: ['nmem0'] }] };
  expect(await namespaceOf(host)).toMatchObject(badblocks);
  expect(await regionOf(host)).toMatchObject({
    badblock_count: 8,
    badblocks: [{ offset: 41000, length: 8, dimms: ['nmem0'] }],
  });
  await remove(host, 'dax0.0', 'dax_pmem');
  expect(await namespaceOf(host)).not.toHaveProperty('badblock_count');
  expect(await importText(host, await text(host, 'ndctl'))).toEqual(['unchanged']);
  expect(await done('GET', at)).toMatchObject({ badblocks: [{ offset: 4136, length: 8 }] });
  await done('POST', `${at}/bind`, { driver: 'dax_pmem' });
  expect(await namespaceOf(host), 'M44').toMatchObject(badblocks);
});

test('[IMP10] a count without its list grows with what is known beside it', async () => {
  const one = {
    dev: 'namespace0.0',
    mode: 'fsdax',
    map: 'dev',
    size: 4225761280,
    blockdev: 'pmem0',
    align: 2097152,
  };
  const host = await hostWith(JSON.stringify([{ ...one, badblock_count: 12 }]));
  expect(await listingOf(host, 'ndctl')).toMatchObject([{ badblock_count: 12 }]);
  const at = `${host}/dax-devices/pmem0/memory-failure`;
  await done('POST', at, { offset: 0, length: '4KiB', source: 'mce' });
  expect(await listingOf(host, 'ndctl')).toMatchObject([{ badblock_count: 20 }]);
  await done('POST', at, { offset: '64KiB', length: '4KiB', source: 'mce' });
  const [shown] = (await listingOf(host, 'ndctl')) as [object];
  expect(shown).toMatchObject({ badblock_count: 28 });
  expect(shown, 'where twelve of them are is not known').not.toHaveProperty('badblocks');
});

test('[M161] the export says behind which removal the tool would sleep', async () => {
  await done('POST', '/v1/hosts', { name: 'stuck', kernel: 'v7.3' });
  const host = '/v1/hosts/stuck';
  const device = { name: 'pmem0', mode: 'fsdax', size: '64MiB', align: 2097152 };
  await done('POST', `${host}/dax-devices`, device);
  const mount = {
    dax_device: 'pmem0',
    path: '/mnt/a',
    fs_type: 'xfs',
    dax: 'always',
    mkfs: true,
    rmapbt: true,
  };
  const { id } = await done('POST', `${host}/mounts`, mount);
  const file = await done('POST', `${host}/files`, { mount: id, path: '/f', size: '4MiB' });
  await done('POST', `${host}/processes`, { pid: 7, comm: 'reader' });
  const mapping = {
    pid: 7,
    file: file.id,
    offset: 0,
    length: '2MiB',
    flags: ['shared'],
    prot: 'r',
    populate: 'read',
  };
  await done('POST', `${host}/mappings`, mapping);
  const blockedBy = async (format: string) =>
    (await server.call('GET', `${host}/inventory?format=${format}`)).headers['listing-blocked-by'];
  expect(await blockedBy('ndctl')).toBeUndefined();
  const removal = await done('POST', `${host}/dax-devices/pmem0/remove`, { trigger: 'unbind' });
  expect(removal['state']).toBe('stuck');
  expect(await blockedBy('ndctl')).toBe(`/v1/removals/${removal.uid}`);
  expect(await blockedBy('daxctl'), 'it asks dax devices only').toBeUndefined();
  await done('POST', `${host}/reboot`, {});
  expect(await blockedBy('ndctl')).toBeUndefined();
});

test('a devdax that no listing brought is in the namespace of its numbers, unless its region is dynamic', async () => {
  const host = await hostWith();
  await done('POST', `${host}/dax-devices`, { name: 'dax3.1', mode: 'devdax', size: '64MiB' });
  await done('POST', `${host}/dax-devices`, {
    name: 'dax4.0',
    mode: 'devdax',
    size: '64MiB',
    provider: 'hmem',
  });
  expect(await listingOf(host, 'ndctl')).toMatchObject([{ dev: 'namespace3.1', mode: 'devdax' }]);
  expect(await listingOf(host, 'ndctl')).toHaveLength(1);
});
