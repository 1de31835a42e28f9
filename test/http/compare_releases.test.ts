import { afterAll, beforeAll, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';
const ask = { host: 'h', dax_device: 'pmem0', trigger: 'unbind' };

beforeAll(async () => {
  await server.call('POST', '/v1/hosts', { name: 'h', kernel: 'v6.12' });
  await server.call('POST', '/v1/hosts/h/dax-devices', { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
});

test('[CMP3] releases are compared alone, or with the kernels that are named beside them', async () => {
  const of = async (more: object): Promise<unknown[]> => {
    const { status, json } = await server.call('POST', '/v1/comparisons', { ...ask, ...more });
    const items = json.items as unknown as readonly { kernel: string; kernel_release: string | null }[];
    return [status, ...items.map(({ kernel, kernel_release }) => kernel_release ?? kernel)];
  };
  expect(await of({})).toEqual([200, ...KERNEL_NAMES]);
  expect(await of({ kernel_releases: ['6.8.0', RHEL_9] })).toEqual([200, '6.8.0', RHEL_9]);
  expect(await of({ kernels: ['v7.3'], kernel_releases: ['6.8.0'] })).toEqual([200, 'v7.3', '6.8.0']);
});

test('[CMP3] a release that is none is refused with its place', async () => {
  const { status, json } = await server.call('POST', '/v1/comparisons', {
    ...ask,
    kernel_releases: ['6.8', ''],
  });
  expect([status, json['errors']]).toMatchObject([400, [{ pointer: '/kernel_releases/1' }]]);
});
