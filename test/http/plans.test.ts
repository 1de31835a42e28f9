import { afterAll, beforeAll, expect, test } from 'vitest';
import { Plan } from '../../src/http/schemas/plan.ts';
import { makeTopology, serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const ram = '/v1/hosts/node-r';

beforeAll(async () => {
  for (const host of ['node-a', 'node-b', 'copy-a']) await makeTopology(server, host, 'v6.12');
  await server.call('POST', '/v1/hosts', {
    name: 'node-r',
    kernel: 'v6.12',
    auto_online_blocks: 'online_movable',
  });
  const size = { size: '1GiB', phys_addr: '0x1000000000', target_node: 1 };
  await server.call('POST', `${ram}/dax-devices`, { name: 'dax0.0', mode: 'system-ram', ...size });
  await server.call('POST', `${ram}/dax-devices`, { name: 'dax1.0', mode: 'devdax', size: '64MiB' });
  const pinned = { pid: 50, comm: 'pinner' };
  await server.call('POST', `${ram}/processes`, pinned);
  const mapping = await server.call('POST', `${ram}/mappings`, {
    pid: 50,
    dax_device: 'dax1.0',
    offset: 0,
    length: '2MiB',
    flags: ['shared'],
    prot: 'rw',
    populate: 'write',
  });
  const pin = {
    pid: 50,
    mapping: mapping.json.id,
    offset: 0,
    length: 4096,
    kind: 'transient',
    holder: 'vmsplice',
  };
  expect((await server.call('POST', `${ram}/pins`, pin)).status).toBe(201);
  // Its mapping would keep the node open, for which the plan ends the process, and the pin with it (CDEV3).
  const unmapped = await server.call('DELETE', `${ram}/mappings/${mapping.json.id}`);
  expect(unmapped.status).toBe(200);
});

const plan = (body: object, headers = {}, query = '') =>
  server.call('POST', `/v1/plans${query}`, body, headers);
const planned = async (body: object) => {
  const { status, json } = await plan(body);
  expect([status, Plan.safeParse(json).error?.issues ?? []]).toEqual([200, []]);
  return Plan.parse(json);
};
const lastEvent = async () => (await server.call('GET', '/v1/events')).json.as_of;

test('[PLAN1] a plan stores nothing, and is asked of one host after the other', async () => {
  const before = await lastEvent();
  const { order, left, hosts } = await planned({ hosts: ['node-b', 'node-a'] });
  expect(order.map(({ step, host, command }) => [step, host, command])).toEqual(
    ['node-b', 'node-a'].flatMap((host, at) => [
      [at * 3 + 1, host, 'kill 42'],
      [at * 3 + 2, host, 'umount /mnt'],
      [at * 3 + 3, host, expect.stringContaining('/sys/block/pmem0/device/driver/unbind')],
    ]),
  );
  expect(left.map(({ host, dax_device, verdict }) => `${host} ${dax_device} ${String(verdict)}`)).toEqual([
    'node-b pmem0 contained',
    'node-a pmem0 contained',
  ]);
  expect(hosts).toEqual(['node-b', 'node-a'].map((host) => ({ host, as_of: before })));
  expect(await lastEvent()).toBe(before);
});

test('[PLAN8] each part says of which state it is', async () => {
  const before = await lastEvent();
  const patched = await server.call('PATCH', '/v1/hosts/copy-a', { labels: { seen: 'yes' } });
  expect(patched.status).toBe(200);
  const { hosts } = await planned({ hosts: ['copy-a'] });
  expect(hosts).toEqual([{ host: 'copy-a', as_of: await lastEvent() }]);
  expect(hosts[0]?.as_of).toBeGreaterThan(before);
});

test('[PLAN1] the calls of a plan, in order, leave what it says', async () => {
  const { order, left } = await planned({ hosts: ['copy-a', 'node-r'], trigger: 'surprise_removal' });
  expect(new Set(order.map(({ action }) => action))).toEqual(
    new Set(['stop_process', 'umount', 'drop_pin', 'offline_memory_blocks', 'remove']),
  );
  for (const { calls } of order)
    for (const { method, path, body } of calls) {
      const { status, text } = await server.call(method, path, body ?? undefined, {
        prefer: 'wait=60',
      });
      expect([path, status < 300, text]).toEqual([path, true, text]);
    }
  for (const { host, dax_device, state, verdict, hazards } of left) {
    const { json } = await server.call('GET', `/v1/removals?host=${host}&dax_device=${dax_device}`);
    const kinds = hazards.map(({ kind }) => ({ kind }));
    expect(json.items).toMatchObject([{ state, verdict, hazards: kinds }]);
  }
  expect((await planned({ hosts: ['copy-a'] })).left).toMatchObject([
    { dax_device: 'pmem0', verdict: null, refused: { code: 'kernel_refused', errno: 'ENODEV' } },
  ]);
});

test('devices are named with their host, or plainly beside one host', async () => {
  const [objects, plain, by] = [
    await planned({ dax_devices: [{ host: 'node-a', dax_device: 'pmem0' }] }),
    await planned({ hosts: ['node-a'], dax_devices: ['pmem0'], trigger: 'unbind' }),
    await planned({ hosts: ['node-a', 'node-a'], by: 'remove' }),
  ];
  expect([plain, by]).toEqual([objects, objects]);
  const two = { dax_devices: ['node-b', 'node-a', 'node-b'].map((host) => ({ host, dax_device: 'pmem0' })) };
  expect((await planned(two)).left.map(({ host }) => host)).toEqual(['node-b', 'node-a']);
});

test('a key keeps the answer of every host, and belongs to one request', async () => {
  const key = { 'idempotency-key': 'plan-1' };
  const body = { hosts: ['node-a', 'node-b'] };
  const first = await plan(body, key);
  const again = await plan(body, key);
  expect([again.text, again.headers['idempotency-replayed']]).toEqual([first.text, 'true']);
  expect((await plan({ hosts: ['node-b'] }, key)).status).toBe(422);
});

const named = (host: string, dax_device = 'pmem0') => ({ host, dax_device });
const hosts = Array.from({ length: 33 }, (_, at) => `h${String(at)}`);
const many = Array.from({ length: 65 }, (_, at) => `dax${String(at)}.0`);

test.each([
  [{}, 400, 'invalid_request', '/hosts'],
  [{ hosts: [] }, 400, 'invalid_request', '/hosts'],
  [{ hosts }, 400, 'invalid_request', '/hosts'],
  [{ hosts: ['node-a'], by: 'bind' }, 400, 'invalid_request', '/by'],
  [{ hosts: ['node-a'], trigger: 'pull' }, 400, 'invalid_request', '/trigger'],
  [{ hosts: ['node-a', 'node-b'], dax_devices: ['pmem0'] }, 400, 'invalid_request', '/hosts'],
  [{ dax_devices: ['pmem0'] }, 400, 'invalid_request', '/dax_devices/0'],
  [{ dax_devices: [7] }, 400, 'invalid_request', '/dax_devices/0'],
  [{ hosts: ['node-a'], dax_devices: [named('node-b')] }, 400, 'invalid_request', '/dax_devices/0'],
  [{ dax_devices: hosts.map((host) => named(host)) }, 400, 'invalid_request', '/dax_devices/32'],
  [{ hosts: ['node-a'], dax_devices: many }, 400, 'invalid_request', '/dax_devices/64'],
  [{ hosts: ['node-a', 'nobody'] }, 404, 'host_not_found', '/hosts/1'],
  [{ dax_devices: [named('node-a'), named('nobody')] }, 404, 'host_not_found', '/dax_devices/1'],
  [
    { dax_devices: [named('node-a'), named('node-b'), named('node-a', 'x')] },
    404,
    'dax_device_not_found',
    '/dax_devices/2',
  ],
])('POST /v1/plans %j is a %i %s at %s', async (body, status, code, pointer) => {
  const answer = await plan(body);
  const told = answer.json.errors.map((error) => error.pointer);
  expect([answer.status, answer.json.code, told]).toEqual([status, code, [pointer]]);
});

test('[PLAN8] a host with more than 64 devices is a 400', async () => {
  await server.call('POST', '/v1/hosts', { name: 'large', kernel: 'v6.12' });
  for (const name of many) {
    const device = { name, mode: 'devdax', size: '2MiB' };
    expect((await server.call('POST', '/v1/hosts/large/dax-devices', device)).status).toBe(201);
  }
  const answer = await plan({ hosts: ['node-a', 'large'] });
  expect([answer.status, answer.json.code, answer.json.errors.map(({ pointer }) => pointer)]).toEqual([
    400,
    'invalid_field',
    ['/hosts/1'],
  ]);
  expect((await planned({ hosts: ['large'], dax_devices: many.slice(1) })).order).toHaveLength(64);
});
