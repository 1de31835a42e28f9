import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

/** What the removal of an ext4 is said to cost on a host of that release. */
async function costOn(name: string, kernel_release: string): Promise<unknown> {
  const at = `/v1/hosts/${name}`;
  await server.call('POST', '/v1/hosts', { name, kernel_release });
  await server.call('POST', `${at}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
  const mount = { dax_device: 'pmem0', path: '/mnt', fs_type: 'ext4', dax: 'always', mkfs: true };
  expect((await server.call('POST', `${at}/mounts`, mount)).status).toBe(201);
  const removal = { trigger: 'unbind' };
  const { json } = await server.call('POST', `${at}/dax-devices/pmem0/remove`, removal, {
    prefer: 'wait=60',
  });
  expect(json.state).toBe('completed');
  return (json['report'] as { simulated_kernel_cost: unknown }).simulated_kernel_cost;
}

test('[KREL7] the very build that was recorded has an estimate of time, another of its release has none', async () => {
  expect(await costOn('recorded', '6.12.117-1~deb12u1')).toMatchObject({
    seconds: expect.any(Number) as number,
    reason: null,
  });
  for (const [name, release] of [
    ['vanilla', '6.12.117'],
    ['other', '6.6.60'],
  ] as const) {
    expect(await costOn(name, release), release).toMatchObject({
      seconds: null,
      reason: 'no removal was recorded on this kernel',
    });
  }
});
