import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveTopology } from '../support/server.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);

const post = (url: string, body: unknown) => server.call('POST', `${topology.at}${url}`, body);

test.each([
  ['surprise_remove', 'surprise_removal'],
  ['surprise_removal', 'surprise_removal'],
  ['orderly_remove', 'orderly_removal'],
  ['orderly_removal', 'orderly_removal'],
])('%s is %s: as a trigger, as an action and in a filter', async (asked, word) => {
  await post('/dax-devices', { name: 'dax1.0', mode: 'devdax', size: '1GiB' });
  const dry = '/dax-devices/dax1.0/remove?dry_run=true';
  expect((await post(dry, { trigger: asked })).json['trigger']).toBe(word);
  const comparison = { host: 'node-a', dax_device: 'dax1.0', trigger: asked, kernels: ['v6.1'] };
  expect((await server.call('POST', '/v1/comparisons', comparison)).json['trigger']).toBe(word);
  const event = await post('/hotplug-events', { action: asked, dax_device: 'dax1.0' });
  expect([event.status, event.json['action']]).toEqual([201, word]);
  expect((await server.controlPlane.waitForRemoval(event.json.removal, 600_000))?.trigger).toBe(word);
  const { items } = (await server.call('GET', `/v1/hotplug-events?action=${asked}`)).json;
  expect(items.map(({ id }) => id)).toContain(event.json.id);
  expect(new Set(items.map(({ action }) => action))).toEqual(new Set([word]));
  await server.call('DELETE', `${topology.at}/dax-devices/dax1.0`);
});

test('serial is media_serial: of a device, of a change, of a medium', async () => {
  const made = await post('/dax-devices', { name: 'dax2.0', mode: 'devdax', size: '1GiB', serial: '0x1' });
  expect([made.status, made.json['media_serial']]).toEqual([201, '0x1']);
  expect(made.json).not.toHaveProperty('serial');
  const at = `${topology.at}/dax-devices/dax2.0`;
  const patched = await server.call('PATCH', at, { serial: '0x2' });
  expect([patched.status, patched.json['media_serial']]).toEqual([200, '0x2']);
  expect((await server.call('PATCH', at, { serial: null })).json['media_serial']).toBeNull();
  const gone = await post('/hotplug-events', { action: 'surprise_removal', dax_device: 'dax2.0' });
  await server.controlPlane.waitForRemoval(gone.json.removal, 600_000);
  for (const media of [{ serial: '0x3' }, { media_serial: '0x3' }]) {
    const event = await post('/hotplug-events', { action: 'replace', dax_device: 'dax2.0', media });
    expect([event.status, event.json['media']]).toEqual([201, { media_serial: '0x3' }]);
  }
  expect((await server.call('GET', at)).json['media_serial']).toBe('0x3');
});

test('a member under both of its names is refused at the former one', async () => {
  const both = { serial: '0x1', media_serial: '0x1' };
  const answers = [
    await post('/dax-devices', { name: 'dax3.0', mode: 'devdax', size: '1GiB', ...both }),
    await server.call('PATCH', `${topology.at}/dax-devices/pmem0`, both),
    await post('/hotplug-events', { action: 'add', dax_device: 'pmem0', media: both }),
  ];
  expect(answers.map(({ status, json }) => [status, json.errors[0]?.pointer])).toEqual([
    [400, '/serial'],
    [400, '/serial'],
    [400, '/media/serial'],
  ]);
});

test('the document marks former names deprecated', async () => {
  const { components } = (await server.call('GET', '/openapi.json')).json as unknown as {
    components: { schemas: Record<string, { deprecated?: boolean; properties?: Record<string, unknown> }> };
  };
  expect(components.schemas['FormerRemoval']).toMatchObject({ deprecated: true });
  for (const name of ['CreateDaxDevice', 'PatchDaxDevice', 'Media'])
    expect(components.schemas[name]?.properties?.['serial']).toMatchObject({ deprecated: true });
});
