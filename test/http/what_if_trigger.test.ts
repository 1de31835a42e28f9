import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTopology, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeTopology(server, 'node-a', 'v6.12');
});
afterAll(() => server.close());

test('[HOLD3] an assessment and a list of holders name the removal that they are of', async () => {
  const assessed = await server.call('GET', '/v1/assessment');
  expect(assessed.json.items).toMatchObject([{ dax_device: 'pmem0', trigger: 'surprise_removal' }]);
  const path = '/v1/hosts/node-a/dax-devices/pmem0';
  expect((await server.call('GET', `${path}/holders`)).json).toMatchObject({ trigger: 'unbind' });
  await server.call('POST', `${path}/remove`, { trigger: 'unbind' }, { prefer: 'wait=10' });
  const [item] = (await server.call('GET', '/v1/assessment')).json.items;
  // None can begin: the verdict is of what the one that has ended left.
  const standing = { state: 'completed', verdict: 'exposed' };
  expect(item).toMatchObject({
    ...standing,
    trigger: 'surprise_removal',
    refused: { code: 'dax_device_not_bound' },
  });
  const holders = await server.call('GET', `${path}/holders`);
  expect(holders.json).toMatchObject({ ...standing, trigger: 'unbind', refused: { errno: 'ENODEV' } });
});
