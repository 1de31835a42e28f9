import { afterAll, beforeAll, expect, it } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const GIB = 2 ** 30;

/** One dax device of `daxctl list -M`: it begins at this many GiB. */
function dax(name: string, start: number, size = GIB): string {
  const mappings = [{ page_offset: 0, start: start * GIB, end: start * GIB + size - 1, size }];
  return JSON.stringify({ chardev: name, size, target_node: 1, align: 2 ** 21, mode: 'devdax', mappings });
}

async function newHost(name: string): Promise<string> {
  await server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });
  return `/v1/hosts/${name}`;
}

async function tell(host: string, ...devices: string[]) {
  const headers = { 'content-type': 'application/json' };
  const { status, json } = await server.call('POST', `${host}/inventory`, `[${devices.join(',')}]`, headers);
  expect(status).toBe(200);
  return json as unknown as { devices: { name: string; change: string }[]; skipped: { reason: string }[] };
}

async function addressOf(host: string, name: string): Promise<unknown> {
  return (await server.call('GET', `${host}/dax-devices/${name}`)).json['phys_addr'];
}

it('[IMP46] a device told at an address where another is enters without it, and each listing is told so', async () => {
  const host = await newHost('taken');
  const listing = [dax('dax0.0', 4), dax('dax1.0', 4)];
  const told = {
    kind: 'dax_device',
    name: 'dax1.0',
    reason: 'overlap',
    code: 'overlap',
    detail: '0x100000000: the range overlaps dax0.0; it has a range of its own, and no phys_addr',
    document: 0,
    pointer: '/1',
  };
  const first = await tell(host, ...listing);
  expect(first.devices.map(({ name, change }) => `${name} ${change}`)).toEqual([
    'dax0.0 created',
    'dax1.0 created',
  ]);
  expect(first.skipped).toEqual([told]);
  expect(await addressOf(host, 'dax1.0')).toBeNull();
  const before = (await server.call('GET', `${host}/dax-devices/dax1.0`)).json['revision'];
  const again = await tell(host, ...listing);
  expect(again.devices.map(({ change }) => change)).toEqual(['unchanged', 'unchanged']);
  expect(again.skipped).toEqual([told]);
  expect((await server.call('GET', `${host}/dax-devices/dax1.0`)).json['revision']).toBe(before);
});

it('a device that loses the address that it had is told so, one whose size alone grew is not', async () => {
  const host = await newHost('grown');
  await tell(host, dax('dax0.0', 4), dax('dax1.0', 8));
  const { skipped } = await tell(host, dax('dax0.0', 4, 6 * GIB));
  expect(skipped).toMatchObject([{ name: 'dax0.0', reason: 'overlap', pointer: '/0' }]);
  expect(await addressOf(host, 'dax0.0')).toBeNull();
  const unplaced = await newHost('unplaced');
  const namespace = (size: number) =>
    JSON.stringify({ dev: 'namespace0.0', mode: 'raw', size, blockdev: 'pmem0' });
  await tell(
    unplaced,
    namespace(GIB),
    JSON.stringify({ dev: 'namespace1.0', mode: 'raw', size: GIB, blockdev: 'pmem1' }),
  );
  expect((await tell(unplaced, namespace(5120 * GIB))).skipped).toEqual([]);
});

it('the address is taken once the other is gone, and while nobody uses the device', async () => {
  const host = await newHost('freed');
  await tell(host, dax('dax0.0', 4), dax('dax1.0', 4));
  await server.call('POST', `${host}/processes`, { pid: 7, comm: 'app' });
  const mapping = { pid: 7, dax_device: 'dax1.0', offset: 0, length: '2MiB', flags: ['shared'], prot: 'r' };
  const { json } = await server.call('POST', `${host}/mappings`, mapping);
  await server.call('DELETE', `${host}/dax-devices/dax0.0`);
  const used = await tell(host, dax('dax1.0', 4));
  expect(used.skipped).toMatchObject([{ name: 'dax1.0', reason: 'dax_device_in_use', pointer: '/0' }]);
  expect(await addressOf(host, 'dax1.0')).toBeNull();
  await server.call('DELETE', `${host}/mappings/${json['id']}`);
  expect((await tell(host, dax('dax1.0', 4))).skipped).toEqual([]);
  expect(await addressOf(host, 'dax1.0')).toBe('0x100000000');
});
