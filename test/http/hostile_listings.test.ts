import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HOSTILE, RECORDED_TEXTS, spoil } from '../inventory/support/hostile.ts';
import { cases } from '../support/property.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
let hosts = 0;

async function newHost(): Promise<string> {
  hosts += 1;
  const name = `hostile-${String(hosts)}`;
  const { status } = await server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });
  expect(status).toBe(201);
  return `/v1/hosts/${name}`;
}

const headers = { 'content-type': 'application/json' };

it('any recorded listing with any value replaced by a hostile one is imported, exported and imported again', async () => {
  const spoilt = fc.tuple(fc.constantFrom(...RECORDED_TEXTS), fc.nat(400), fc.constantFrom(...HOSTILE));
  await fc.assert(
    fc.asyncProperty(spoilt, async ([text, at, by]) => {
      const host = await newHost();
      const { text: hostile } = spoil(text, at, by);
      const imported = await server.call('POST', `${host}/inventory`, hostile, headers);
      expect([imported.status, imported.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
      for (const format of ['ndctl', 'daxctl', 'cxl']) {
        const exported = await server.call('GET', `${host}/inventory?format=${format}`);
        expect(exported.status).toBe(200);
        const again = await server.call('POST', `${host}/inventory`, exported.text, headers);
        expect([again.status, again.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
      }
    }),
    cases(150),
  );
});

const namespace = (size: number, dev = 0): string =>
  `{"dev":"namespace${String(dev)}.0","mode":"raw","size":${String(size)},"blockdev":"pmem${String(dev)}"}`;

it.each([
  ['is no number of pages', namespace(4097)],
  ['is larger than any address space', namespace(9007199254740991)],
  [
    'ends behind the last address',
    '{"chardev":"dax0.0","size":4096,"mappings":[{"page_offset":0,"start":18446744073709551615,"end":18446744073709551615,"size":4096}],"mode":"devdax"}',
  ],
  [
    'is too small for its driver',
    '{"chardev":"dax0.0","size":4096,"target_node":1,"align":4096,"mode":"system-ram","online_memblocks":0,"total_memblocks":0}',
  ],
])('[IMP41] a device that %s is left out, and its neighbour enters', async (_, odd) => {
  const host = await newHost();
  const imported = await server.call('POST', `${host}/inventory`, `[${odd},${namespace(8192, 7)}]`, headers);
  expect(imported).toMatchObject({ status: 200, json: { devices: [{ name: 'pmem7', change: 'created' }] } });
  expect(imported.json['skipped']).toMatchObject([{ reason: 'refused' }]);
  const { json } = await server.call('GET', `${host}/dax-devices`);
  expect(json['items']).toMatchObject([{ name: 'pmem7', size: 8192 }]);
});

it('a known device that is listed with a size that it cannot have stays as it was', async () => {
  const host = await newHost();
  await server.call('POST', `${host}/inventory`, `[${namespace(4096)}]`, headers);
  const imported = await server.call(
    'POST',
    `${host}/inventory`,
    `[${namespace(4097)},${namespace(8192, 1)}]`,
    headers,
  );
  expect(imported).toMatchObject({
    status: 200,
    json: { devices: [{ name: 'pmem1' }], skipped: [{ name: 'pmem0' }] },
  });
  const { json } = await server.call('GET', `${host}/dax-devices`);
  expect(json['items']).toMatchObject([{ size: 4096 }, { size: 8192 }]);
});

it('[IMP42] what the text says of the kernel is told to the host, and what of it cannot be is left out', async () => {
  const host = await newHost();
  const probes = { symbols: { unmap_mapping_range: true, odd: 'yes' }, btf: 7 };
  const told = { kernel_release: '6.8.0-31-generic', kernel_probes: probes };
  const imported = await server.call(
    'POST',
    `${host}/inventory`,
    `${JSON.stringify(told)}\n[${namespace(4096)}]`,
    headers,
  );
  expect(imported).toMatchObject({ status: 200, json: { format: 'ndctl', devices: [{ name: 'pmem0' }] } });
  expect((imported.json['skipped'] as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual([
    '/kernel_probes/symbols/odd',
    '/kernel_probes/btf',
  ]);
  expect((await server.call('GET', host)).json).toMatchObject({
    kernel: 'resolved',
    kernel_release: '6.8.0-31-generic',
    kernel_probes: { symbols: { unmap_mapping_range: true }, btf: {}, sysfs: {} },
  });
  const odd = await server.call(
    'POST',
    `${host}/inventory`,
    '{"kernel_release":68,"kernel_probes":[]}',
    headers,
  );
  expect(odd.json['skipped']).toMatchObject([{ pointer: '/kernel_release' }, { pointer: '/kernel_probes' }]);
});
