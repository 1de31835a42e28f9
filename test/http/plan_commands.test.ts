import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const MIB = 2 ** 20;
const WAIT = { prefer: 'wait=10' };

/** What a plan for a host tells to type. */
async function typedFor(host: string): Promise<readonly (string | null)[]> {
  const { json } = await server.call('POST', '/v1/plans', { hosts: [host] });
  return (json.order as { command: string | null }[]).map(({ command }) => command);
}

async function hostWith(name: string, listing: readonly object[]): Promise<string> {
  await server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });
  await server.call('POST', `/v1/hosts/${name}/inventory`, JSON.stringify(listing));
  return name;
}

const unbindDisk = (disk: string): string =>
  `basename "$(readlink -f /sys/block/${disk}/device)" > /sys/block/${disk}/device/driver/unbind`;
const unbindDax = (chardev: string, driver = 'device_dax'): string =>
  `echo ${chardev} > /sys/bus/dax/drivers/${driver}/unbind`;

const namespace = (mode: string, more: object = {}): object => ({
  dev: 'namespace1.0',
  mode,
  size: 128 * MIB,
  ...more,
});

test.each([
  ['a disk', namespace('fsdax', { blockdev: 'pmem1' }), unbindDisk('pmem1')],
  ['one of several of a region', namespace('raw', { blockdev: 'pmem1.2' }), unbindDisk('pmem1.2')],
  ['a btt, by its disk', namespace('sector', { blockdev: 'pmem1s' }), unbindDisk('pmem1s')],
  ['a btt without an s in the listing', namespace('sector', { blockdev: 'pmem1' }), unbindDisk('pmem1s')],
  ['a dax device', namespace('devdax', { chardev: 'dax1.0' }), unbindDax('dax1.0')],
  ['a disk that is known by its namespace alone', namespace('fsdax'), null],
  ['a dax device that is known by its namespace alone', namespace('devdax'), null],
])('[PLAN9] the command for %s', async (about, listed, command) => {
  const host = await hostWith(about.replaceAll(' ', '-').replaceAll(',', ''), [listed]);
  expect(await typedFor(host)).toEqual([command]);
});

test.each([
  ['pmem3.1', 'fsdax', 'devdax', unbindDax('dax3.1')],
  ['pmem3', 'fsdax', 'devdax', unbindDax('dax3.0')],
  ['pmem3', 'fsdax', 'sector', unbindDisk('pmem3s')],
  ['dax3.0', 'devdax', 'fsdax', unbindDisk('pmem3')],
  ['dax3.1', 'devdax', 'sector', unbindDisk('pmem3.1s')],
])('[PLAN9] the command for %s that was given from %s to %s', async (name, mode, to, command) => {
  const host = `${name}-${to}`;
  const device = { name, mode, size: 128 * MIB, provider: 'ACPI.NFIT' };
  await server.call('POST', '/v1/hosts', { name: host, kernel: 'v6.12' });
  await server.call('POST', `/v1/hosts/${host}/dax-devices`, device);
  await server.call('POST', `/v1/hosts/${host}/dax-devices/${name}/remove`, { trigger: 'unbind' }, WAIT);
  const bound = await server.call('POST', `/v1/hosts/${host}/dax-devices/${name}/bind`, { mode: to });
  expect(bound.status).toBe(200);
  expect(await typedFor(host)).toEqual([command]);
});

test.each([
  ['dax4.0', ['daxctl offline-memory dax4.0', unbindDax('dax4.0', 'kmem')]],
  ['pmem4', ['daxctl offline-memory dax4.0', unbindDax('dax4.0', 'kmem')]],
  ['namespace4.0', [null, null]],
])('[PLAN9] the commands for %s as system-ram', async (name, commands) => {
  const host = `ram-of-${name}`;
  const memory = { mode: 'system-ram', size: 1024 * MIB, phys_addr: '0x1000000000', target_node: 1 };
  await server.call('POST', '/v1/hosts', {
    name: host,
    kernel: 'v6.12',
    auto_online_blocks: 'online_movable',
  });
  await server.call('POST', `/v1/hosts/${host}/dax-devices`, { name, ...memory });
  expect(await typedFor(host)).toEqual(commands);
});
