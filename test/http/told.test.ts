import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const LISTING = [{ dev: 'namespace0.0', mode: 'fsdax', map: 'dev', size: 1065353216, blockdev: 'pmem0' }];
const host = '/v1/hosts/mine';
const server = serve(beforeAll, afterAll);

beforeAll(async () => {
  await server.call('POST', '/v1/hosts', { name: 'mine', kernel: 'v6.12' });
  await server.call('POST', `${host}/inventory`, LISTING);
  await server.call('POST', `${host}/dax-devices`, { name: 'dax1.0', mode: 'devdax', size: '1GiB' });
});

const assess = (query = '') => server.call('GET', `/v1/assessment${query}`);
const names = async (url: string) =>
  (await server.call('GET', url)).json.items.map((item) => item['dax_device'] ?? item['name']);

test('[TOLD1] an imported fleet says that nothing was told of its users', async () => {
  const { json } = await assess();
  expect(json.items).toMatchObject([
    { dax_device: 'pmem0', verdict: 'contained', holders: 'not_told', told_at: null },
    { dax_device: 'dax1.0', verdict: 'contained', holders: 'not_told', told_at: null },
  ]);
  expect(json['summary']).toMatchObject({ devices: 2, contained: 2, not_told: 2 });
  const survey = await server.call('GET', `${host}/dax-devices/pmem0/holders`);
  expect(survey.json).toMatchObject({ items: [], holders: 'not_told', told_at: null });
});

test('[TOLD1] a mount tells, the operator tells, and filters tell them apart', async () => {
  const mount = { dax_device: 'pmem0', path: '/mnt/a', fs_type: 'ext4', dax: 'always', mkfs: true };
  expect((await server.call('POST', `${host}/mounts`, mount)).status).toBe(201);
  expect(await names('/v1/assessment?holders=told')).toEqual(['pmem0']);
  expect(await names('/v1/dax-devices?holders=not_told')).toEqual(['dax1.0']);
  const patched = await server.call('PATCH', `${host}/dax-devices/dax1.0`, { holders: 'told' });
  expect(patched.json).toMatchObject({ holders: 'told', told_at: expect.stringMatching(/Z$/) as string });
  const { json } = await assess('?holders=told');
  expect(json['summary']).toMatchObject({ devices: 2, not_told: 0 });
  const survey = await server.call('GET', `${host}/dax-devices/dax1.0/holders`);
  expect(survey.json).toMatchObject({ items: [], holders: 'told', told_at: patched.json['told_at'] });
  const untold = await server.call('PATCH', `${host}/dax-devices/dax1.0`, { holders: 'not_told' });
  expect(untold.json).toMatchObject({ holders: 'not_told', told_at: null });
});

test.each(['?holders=maybe', '?holders='])('GET /v1/assessment%s is a 400', async (query) => {
  const { status, json } = await assess(query);
  expect([status, json.errors.map(({ pointer }) => pointer)]).toEqual([400, ['/holders']]);
});
