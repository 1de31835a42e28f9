import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

/** What an import of one object answers of devices, and of those that are none yet. */
async function imported(host: string, object: object) {
  const { status, json } = await server.call('POST', `/v1/hosts/${host}/inventory`, [object]);
  const skipped = (json['skipped'] as { kind: string; name: string; reason: string }[])
    .filter(({ reason }) => reason === 'size unknown')
    .map(({ kind, name }) => [kind, name]);
  return { status, devices: json.devices, skipped };
}

const dax = { chardev: 'dax12.0', mode: 'devdax' };
const pmem = { dev: 'namespace4.0', mode: 'fsdax', map: 'dev', blockdev: 'pmem4' };
const idle = { dev: 'namespace4.0', mode: 'fsdax', state: 'disabled', align: 2 ** 21 };

test.each([
  ['dax_device', 'dax12.0', 'a size that is none', { ...dax, size: -1 }, { ...dax, size: 2 ** 30 }],
  ['dax_device', 'dax12.0', 'no size', dax, { ...dax, size: 2 ** 30 }],
  ['namespace', 'pmem4', 'a size that is none', { ...pmem, size: -1 }, { ...pmem, size: 2 ** 30 }],
  ['namespace', 'namespace4.0', 'no driver', idle, { ...pmem, size: 2 ** 30 }],
])(
  '[IMP3] a %s (%s) of %s is created by the listing that tells its size',
  async (kind, name, why, unsized, sized) => {
    const host = `unsized-${name}-${why.replaceAll(' ', '-')}`;
    await server.call('POST', '/v1/hosts', { name: host, kernel: 'v6.12' });
    for (let time = 0; time < 2; time += 1) {
      expect(await imported(host, unsized)).toEqual({ status: 200, devices: [], skipped: [[kind, name]] });
      const { json } = await server.call('GET', `/v1/hosts/${host}/dax-devices`);
      expect(json.items).toEqual([]);
    }
    const { devices, skipped } = await imported(host, sized);
    expect([devices, skipped]).toMatchObject([[{ change: 'created', changed_fields: [] }], []]);
    const [device] = (await server.call('GET', `/v1/hosts/${host}/dax-devices`)).json.items;
    expect(device).toMatchObject({ name: kind === 'namespace' ? 'pmem4' : name, size: 2 ** 30 });
    expect((await imported(host, sized)).devices).toMatchObject([{ change: 'unchanged' }]);
    expect((await imported(host, unsized)).devices).toHaveLength(1);
  },
);

test('[IMP3] a device keeps the size that it was listed with, and nothing is said of one', async () => {
  await server.call('POST', '/v1/hosts', { name: 'sized', kernel: 'v6.12' });
  await imported('sized', { ...pmem, size: 2 ** 30 });
  for (const other of [{ ...pmem, size: 'odd' }, { dev: 'namespace4.0', mode: 'fsdax' }, idle]) {
    expect((await imported('sized', other)).skipped).toEqual([]);
  }
  const { json } = await server.call('GET', '/v1/hosts/sized/dax-devices/pmem4');
  expect(json).toMatchObject({ size: 2 ** 30 });
});

test('[IMP3] what never was a device is not gone where a complete listing lacks it', async () => {
  await server.call('POST', '/v1/hosts', { name: 'never', kernel: 'v6.12' });
  const url = '/v1/hosts/never/inventory';
  const dax = (chardev: string, size: number) => ({ chardev, size, target_node: 0, mode: 'devdax' });
  await server.call('POST', url, [dax('dax0.0', 4097), dax('dax1.0', 2 ** 30), dax('dax2.0', 2 ** 30)]);
  const { json } = await server.call('POST', `${url}?complete=true`, [dax('dax1.0', 2 ** 30)]);
  expect(json.devices.map(({ change }) => change)).toEqual(['gone', 'unchanged']);
  expect(json.devices).toMatchObject([{ name: 'dax2.0' }, { name: 'dax1.0' }]);
});
