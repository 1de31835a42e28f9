import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const HOST = '/v1/hosts/h';
const DEVICE = `${HOST}/dax-devices/dax0.0`;

test('[UNK4] a bind whose log depends on the kernel says on what, in its answer and in a dry run', async () => {
  // The policy is told, so that the log alone differs.
  const told = { kernel_release: '5.14.0-427.13.1.el9_4.x86_64', auto_online_blocks: 'offline' };
  await server.call('POST', '/v1/hosts', { name: 'h', ...told });
  // 2 MiB lie outside whole memory blocks: some kernels say so.
  const device = { name: 'dax0.0', mode: 'devdax', size: 3 * 2 ** 27 + 2 ** 21, target_node: 1 };
  await server.call('POST', `${HOST}/dax-devices`, device);
  await server.call('POST', `${DEVICE}/remove`, { trigger: 'unbind' }, { prefer: 'wait=60' });
  for (const query of ['?dry_run=true', '']) {
    const { status, json } = await server.call('POST', `${DEVICE}/bind${query}`, { mode: 'system-ram' });
    expect([status, json['result'], json['kernel_log']]).toEqual([200, 'ok', []]);
    const on = json['depends_on'] as { fact: string; values: { value: string; differs: string[] }[] }[];
    expect(on.map(({ fact }) => fact)).toEqual(['kmem.says_truncation']);
    expect(on[0]!.values.map(({ differs }) => differs)).toEqual([['/kernel_log'], ['/kernel_log']]);
  }
});

test('[UNK6] a bind that comes to several ends is refused by one body, dry or not, with pointers to what would be stored', async () => {
  const at = '/v1/hosts/g/dax-devices';
  await server.call('POST', '/v1/hosts', { name: 'g', kernel_release: '5.14.0-427.13.1.el9_4.x86_64' });
  const device = { name: 'pmem0', mode: 'fsdax', size: 2 ** 28, phys_addr: '0x100000000' };
  await server.call('POST', at, device);
  await server.call('POST', `${at}/pmem0/remove`, { trigger: 'unbind' }, { prefer: 'wait=60' });
  const bodies = [];
  for (const query of ['?dry_run=true', '']) {
    const { status, json } = await server.call('POST', `${at}/pmem0/bind${query}`, { mode: 'system-ram' });
    expect([status, json.code]).toEqual([409, 'undetermined']);
    bodies.push({ ...json, request_id: null, instance: null });
  }
  expect(bodies[0]).toEqual(bodies[1]);
  expect(JSON.stringify(bodies[0])).not.toContain('/events/');
  expect(JSON.stringify(bodies[0])).toContain('/memory_ranges/pmem0/blocks/0/state');
});
