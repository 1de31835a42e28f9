import { afterAll, beforeAll, expect, test } from 'vitest';
import { listedCard, listedCxlRegion } from '../support/listed_cards.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

async function hostWith(name: string): Promise<string> {
  await server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });
  const text = JSON.stringify([listedCard(0), listedCard(3), listedCxlRegion(0), listedCxlRegion(3)]);
  expect((await server.call('POST', `/v1/hosts/${name}/inventory`, text)).json.devices).toHaveLength(2);
  return `/v1/hosts/${name}`;
}

test('[IMP55] where a complete listing lacks a card nothing on it is there, and without that all of it is told', async () => {
  const host = await hostWith('lost');
  const told = await server.call('POST', `${host}/inventory`, [listedCard(0)]);
  expect(told.json['absent']).toMatchObject([
    { kind: 'dax_device', name: 'dax3.0', detail: expect.stringContaining('memdev mem3') as string },
    { kind: 'memdev', name: 'mem3' },
  ]);
  const whole = await server.call('POST', `${host}/inventory?complete=true`, [listedCard(0)]);
  expect(whole.json).toMatchObject({
    absent: [],
    devices: [{ name: 'dax3.0', change: 'gone' }],
    host_objects: expect.arrayContaining([{ kind: 'memdev', name: 'mem3', change: 'gone' }]) as unknown,
  });
  expect((await server.call('GET', `${host}/cxl-memdevs/mem3`)).json).toMatchObject({ state: 'gone' });
  expect((await server.call('GET', `${host}/cxl-regions/region3`)).json).toMatchObject({
    state: 'disabled',
    decode_state: 'reset',
    mappings: [],
  });
  expect((await server.call('GET', `${host}/dax-devices/dax3.0`)).json).toMatchObject({ state: 'gone' });
  const { items } = (await server.call('GET', `/v1/assessment?host=lost`)).json;
  expect(items[1]).toMatchObject({ dax_device: 'dax3.0', verdict: null });
  const again = await server.call('POST', `${host}/inventory?complete=true`, [listedCard(0)]);
  expect(again.json).toMatchObject({ absent: [], devices: [] });
  const { text } = await server.call('GET', `${host}/inventory?format=cxl`);
  expect((await server.call('POST', `${host}/inventory?complete=true`, text)).json).toMatchObject({
    absent: [],
    skipped: expect.not.arrayContaining([expect.objectContaining({ reason: 'refused' })]) as unknown,
  });
});

test('[IMP19] a card beneath a device in use stays with its region, and the answer says so', async () => {
  const host = await hostWith('held');
  await server.call('POST', `${host}/processes`, { pid: 7, comm: 'app' });
  const mapping = { dax_device: 'dax3.0', pid: 7, offset: 0, length: 2 ** 30, flags: ['shared'], prot: 'rw' };
  expect((await server.call('POST', `${host}/mappings`, mapping)).status).toBe(201);
  const { json } = await server.call('POST', `${host}/inventory?complete=true`, [listedCard(0)]);
  expect(json['skipped']).toMatchObject([
    { kind: 'memdev', name: 'mem3', code: 'dax_device_in_use' },
    { kind: 'dax_device', name: 'dax3.0', code: 'dax_device_in_use' },
    { kind: 'memdev', name: 'mem0' },
  ]);
  expect((await server.call('GET', `${host}/cxl-regions/region3`)).json).toMatchObject({
    state: 'enabled',
    decode_state: 'commit',
    mappings: [{ memdev: 'mem3' }],
  });
  expect((await server.call('GET', `${host}/dax-devices/dax3.0`)).json).toMatchObject({ state: 'bound' });
});
