import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Problem } from '../../src/http/schemas/problem.ts';
import { serveTopology, startTestServer, type Method, type TestAnswer } from '../support/server.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);

/** Method, path below the host (or absolute), body, status, code, pointers. */
type Row = readonly [Method, string, unknown, number, string, (readonly string[])?];

const seq = async (): Promise<number> => (await server.call('GET', '/v1/events')).json.as_of;

function expectProblem(answer: TestAnswer, status: number, code: string, path: string): void {
  expect([answer.status, answer.json.code]).toEqual([status, code]);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  const problem = Problem.parse(answer.json);
  expect([problem.status, problem.instance]).toEqual([status, path.split('?')[0]]);
  expect(problem.detail.length).toBeGreaterThan(0);
}

const device = { name: 'pmem9', mode: 'fsdax', size: '1GiB' };
const mapping = { pid: 42, file: 'f', offset: 0, length: 4096, flags: ['shared'], prot: 'rw' };
const pin = { pid: 42, mapping: 'v', offset: 0, length: 4096, kind: 'transient', holder: 'rdma' };
const mount = { dax_device: 'pmem0', path: '/b', fs_type: 'ext4', dax: 'always' };

const ROWS: readonly Row[] = [
  // hosts
  ['POST', '/v1/hosts', { name: 'b', kernel: 'v4.4' }, 400, 'invalid_request', ['/kernel']],
  ['POST', '/v1/hosts', { name: 'b' }, 400, 'invalid_request', ['/kernel']],
  ['POST', '/v1/hosts', { name: 'b', kernel: 'v6.1', nmae: 'x' }, 400, 'invalid_request', ['/nmae']],
  ['POST', '/v1/hosts', { name: '../b', kernel: 'v6.1' }, 400, 'invalid_request', ['/name']],
  ['POST', '/v1/hosts', { name: 7, kernel: 'v6.1' }, 400, 'invalid_request', ['/name']],
  ['POST', '/v1/hosts', [], 400, 'invalid_request', ['']],
  ['POST', '/v1/hosts', undefined, 400, 'invalid_request', ['']],
  ['POST', '/v1/hosts', 'null', 400, 'invalid_request', ['']],
  ['POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.1' }, 409, 'host_exists', ['/name']],
  [
    'POST',
    '/v1/hosts',
    { name: 'b', kernel: 'v6.1', sysctl: { memory_failure_early_kill: 2 } },
    400,
    'invalid_request',
    ['/sysctl/memory_failure_early_kill'],
  ],
  [
    'POST',
    '/v1/hosts',
    { name: 'b', kernel: 'v6.1', labels: { a: 1 } },
    400,
    'invalid_request',
    ['/labels/a'],
  ],
  ['POST', '/v1/hosts', '{"name":"b","kernel":"v6.1","__proto__":{"x":1}}', 400, 'malformed_json'],
  ['POST', '/v1/hosts', '{"name":', 400, 'malformed_json'],
  ['GET', '/v1/hosts/nobody', undefined, 404, 'host_not_found'],
  ['PATCH', '/v1/hosts/nobody', {}, 404, 'host_not_found'],
  ['PATCH', '', { kernel: 'v6.1' }, 400, 'invalid_request', ['/kernel']],
  ['DELETE', '/v1/hosts/nobody', undefined, 404, 'host_not_found'],
  ['POST', '/reboot', { kernel: 'v1' }, 400, 'invalid_request', ['/kernel']],
  ['POST', '/v1/hosts/nobody/reboot', {}, 404, 'host_not_found'],
  ['GET', '/v1/hosts?limit=0', undefined, 400, 'invalid_request', ['/limit']],
  ['GET', '/v1/hosts?limit=501', undefined, 400, 'invalid_request', ['/limit']],
  ['GET', '/v1/hosts?limit=1e2', undefined, 400, 'invalid_request', ['/limit']],
  ['GET', '/v1/hosts?limit=5&limit=6', undefined, 400, 'invalid_request', ['/limit']],
  ['GET', '/v1/hosts?page_token=zzz', undefined, 400, 'invalid_field', ['/page_token']],
  ['GET', '/v1/hosts?colour=red', undefined, 400, 'invalid_request', ['/colour']],
  ['GET', '?fields=name', undefined, 400, 'invalid_request', ['/fields']],
  ['PATCH', '?dry_run=yes', {}, 400, 'invalid_request', ['/dry_run']],
  // inventory
  ['POST', '/inventory', '{"dev":', 400, 'malformed_inventory', ['']],
  ['POST', '/inventory', 'hello world', 400, 'malformed_inventory'],
  ['POST', '/v1/hosts/nobody/inventory', '[]', 404, 'host_not_found'],
  ['GET', '/inventory?format=xml', undefined, 400, 'invalid_request', ['/format']],
  ['GET', '/v1/hosts/nobody/inventory', undefined, 404, 'host_not_found'],
  // dax-devices
  ['POST', '/dax-devices', { ...device, size: '1GB' }, 400, 'invalid_request', ['/size']],
  ['POST', '/dax-devices', { ...device, size: '1048576' }, 400, 'invalid_request', ['/size']],
  ['POST', '/dax-devices', { ...device, size: -4096 }, 400, 'invalid_request', ['/size']],
  ['POST', '/dax-devices', { ...device, size: 4096.5 }, 400, 'invalid_request', ['/size']],
  ['POST', '/dax-devices', { ...device, size: 2 ** 53 }, 400, 'invalid_request', ['/size']],
  ['POST', '/dax-devices', { ...device, size: '9000000000TiB' }, 400, 'invalid_request', ['/size']],
  ['POST', '/dax-devices', { ...device, size: 4097 }, 400, 'invalid_field', ['/size']],
  ['POST', '/dax-devices', { ...device, align: 8192 }, 400, 'invalid_request', ['/align']],
  ['POST', '/dax-devices', { ...device, phys_addr: '0xABC000' }, 400, 'invalid_request', ['/phys_addr']],
  ['POST', '/dax-devices', { ...device, phys_addr: 4096 }, 400, 'invalid_request', ['/phys_addr']],
  ['POST', '/dax-devices', { ...device, phys_addr: '0x250000000' }, 400, 'overlap', ['/phys_addr']],
  ['POST', '/dax-devices', { ...device, mode: 'dax' }, 400, 'invalid_request', ['/mode']],
  ['POST', '/dax-devices', { ...device, name: 'pmem0' }, 409, 'dax_device_exists', ['/name']],
  ['POST', '/dax-devices', { ...device, state: 'gone' }, 400, 'invalid_request', ['/state']],
  ['PATCH', '/dax-devices/pmem0', { size: 4096 }, 400, 'invalid_request', ['/size']],
  ['PATCH', '/dax-devices/pmem7', {}, 404, 'dax_device_not_found'],
  ['DELETE', '/dax-devices/pmem0', undefined, 409, 'dax_device_in_use'],
  ['GET', '/dax-devices/pmem7', undefined, 404, 'dax_device_not_found'],
  ['GET', '/dax-devices?mode=dax', undefined, 400, 'invalid_request', ['/mode']],
  ['GET', '/v1/hosts/nobody/dax-devices', undefined, 404, 'host_not_found'],
  ['POST', '/dax-devices/pmem0/remove', {}, 400, 'invalid_request', ['/trigger']],
  ['POST', '/dax-devices/pmem0/remove', undefined, 400, 'invalid_request', ['']],
  [
    'POST',
    '/dax-devices/pmem0/remove',
    { trigger: 'unbind', force: true },
    400,
    'invalid_request',
    ['/force'],
  ],
  [
    'POST',
    '/dax-devices/pmem0/remove',
    { trigger: 'unbind', by_pid: 9 },
    404,
    'process_not_found',
    ['/by_pid'],
  ],
  [
    'POST',
    '/dax-devices/pmem0/remove',
    { trigger: 'unbind', via: 'cxl_region' },
    400,
    'invalid_field',
    ['/via'],
  ],
  ['POST', '/dax-devices/pmem7/remove', { trigger: 'unbind' }, 404, 'dax_device_not_found'],
  ['POST', '/dax-devices/pmem0/bind', { driver: 'vfio' }, 400, 'invalid_request', ['/driver']],
  ['GET', '/dax-devices/pmem7/holders', undefined, 404, 'dax_device_not_found'],
  // mounts
  ['POST', '/mounts', { ...mount, fs_type: 'btrfs' }, 400, 'invalid_request', ['/fs_type']],
  ['POST', '/mounts', { ...mount, path: 'relative' }, 400, 'invalid_request', ['/path']],
  ['POST', '/mounts', { ...mount, dax: true }, 400, 'invalid_request', ['/dax']],
  ['POST', '/mounts', { ...mount, dax_device: 'pmem7' }, 404, 'dax_device_not_found'],
  ['DELETE', '/mounts/m99', undefined, 404, 'mount_not_found'],
  ['DELETE', '/mounts/m99?lazy=1', undefined, 400, 'invalid_request', ['/lazy']],
  ['POST', '/mounts/m99/shutdown', {}, 404, 'mount_not_found'],
  ['POST', '/mounts/m99/commit', { now: true }, 400, 'invalid_request', ['/now']],
  ['GET', '/mounts/m99', undefined, 404, 'mount_not_found'],
  // files
  ['POST', '/files', { mount: 'm99', path: '/x', size: 1 }, 404, 'mount_not_found', ['/mount']],
  ['POST', '/files', { mount: 'm99', path: '/x', size: '1' }, 400, 'invalid_request', ['/size']],
  ['GET', '/files/f99', undefined, 404, 'file_not_found'],
  [
    'POST',
    '/files/f99/io',
    { pid: 42, kind: 'read', offset: 0, length: 1 },
    400,
    'invalid_request',
    ['/kind'],
  ],
  ['POST', '/files/f99/io', { pid: 42, kind: 'pread', offset: 0, length: 1 }, 404, 'file_not_found'],
  // processes
  ['POST', '/processes', { pid: 42, comm: 'x' }, 409, 'process_exists', ['/pid']],
  ['POST', '/processes', { pid: '43', comm: 'x' }, 400, 'invalid_request', ['/pid']],
  ['POST', '/processes', { pid: 0, comm: '' }, 400, 'invalid_request', ['/pid', '/comm']],
  ['POST', '/processes', { comm: 'x', parent_pid: 7 }, 404, 'process_not_found', ['/parent_pid']],
  ['GET', '/processes/7', undefined, 404, 'process_not_found'],
  ['GET', '/processes/init', undefined, 400, 'invalid_request', ['/pid']],
  ['DELETE', '/processes/7', undefined, 404, 'process_not_found'],
  // mappings
  ['POST', '/mappings', { ...mapping, dax_device: 'pmem0' }, 400, 'invalid_request', ['/file']],
  ['POST', '/mappings', { ...mapping, file: undefined }, 400, 'invalid_request', ['/file']],
  ['POST', '/mappings', { ...mapping, flags: [] }, 400, 'invalid_request', ['/flags']],
  ['POST', '/mappings', { ...mapping, flags: 'shared' }, 400, 'invalid_request', ['/flags']],
  ['POST', '/mappings', { ...mapping, flags: ['shared', 'locked'] }, 400, 'invalid_request', ['/flags/1']],
  ['POST', '/mappings', { ...mapping, page_size: '64KiB' }, 400, 'invalid_request', ['/page_size']],
  ['POST', '/mappings', { ...mapping, prot: 'x' }, 400, 'invalid_request', ['/prot']],
  ['POST', '/mappings', { ...mapping, file: 'f99' }, 404, 'file_not_found', ['/file']],
  ['GET', '/mappings/v99', undefined, 404, 'mapping_not_found'],
  ['DELETE', '/mappings/v99', undefined, 404, 'mapping_not_found'],
  ['POST', '/mappings/v99/access', { offset: 0, kind: 'exec' }, 400, 'invalid_request', ['/kind']],
  ['POST', '/mappings/v99/access', { offset: 0, kind: 'read' }, 404, 'mapping_not_found'],
  // pins
  ['POST', '/pins', { ...pin, kind: 'forever' }, 400, 'invalid_request', ['/kind']],
  ['POST', '/pins', { ...pin, mapping: 'v99' }, 404, 'mapping_not_found', ['/mapping']],
  ['GET', '/pins/p99', undefined, 404, 'pin_not_found'],
  ['DELETE', '/pins/p99', undefined, 404, 'pin_not_found'],
  // hotplug-events
  [
    'POST',
    '/hotplug-events',
    { action: 'explode', dax_device: 'pmem0' },
    400,
    'invalid_request',
    ['/action'],
  ],
  [
    'POST',
    '/hotplug-events',
    { action: 'add', dax_device: 'pmem7' },
    404,
    'dax_device_not_found',
    ['/dax_device'],
  ],
  [
    'POST',
    '/hotplug-events',
    { action: 'add', dax_device: 'pmem0', media: { size: '1G' } },
    400,
    'invalid_request',
    ['/media/size'],
  ],
  ['GET', '/hotplug-events/e99', undefined, 404, 'hotplug_event_not_found'],
  // fleet
  [
    'POST',
    '/v1/comparisons',
    { host: 'nowhere', dax_device: 'pmem0', trigger: 'unbind' },
    404,
    'host_not_found',
    ['/host'],
  ],
  ['GET', '/v1/removals/r99', undefined, 404, 'removal_not_found'],
  ['GET', '/v1/removals/r99/signals', undefined, 404, 'removal_not_found'],
  ['GET', '/v1/removals?state=done', undefined, 400, 'invalid_request', ['/state']],
  ['GET', '/v1/mappings?pid=abc', undefined, 400, 'invalid_request', ['/pid']],
  ['GET', '/v1/pins?page_token=', undefined, 400, 'invalid_request', ['/page_token']],
  ['GET', '/v1/events?after=-1', undefined, 400, 'invalid_request', ['/after']],
  ['GET', '/v1/kernels/v4.4', undefined, 404, 'kernel_not_found'],
  ['GET', '/v1/kernels?page_token=zzz', undefined, 400, 'invalid_field', ['/page_token']],
  // routes
  ['GET', '/v1/nothing', undefined, 404, 'route_not_found'],
  ['GET', '/v1/hosts/', undefined, 404, 'host_not_found'],
  ['PUT', '/v1/hosts', {}, 405, 'method_not_allowed'],
  ['DELETE', '/v1/kernels/v6.1', undefined, 405, 'method_not_allowed'],
  ['GET', '/dax-devices/pmem0/remove', undefined, 405, 'method_not_allowed'],
  ['GET', '/v1/hosts/%zz', undefined, 400, 'malformed_request'],
];

describe('misuse gets a problem document and changes nothing', () => {
  test.each(
    ROWS.map((row) => [`${row[0]} ${row[1]} ${JSON.stringify(row[2] ?? null).slice(0, 90)}`, row] as const),
  )('%s', async (_name, [method, path, body, status, code, pointers]) => {
    const before = await seq();
    const url = path.startsWith('/v1/') ? path : topology.at + path;
    const answer = await server.call(method, url, body);
    expectProblem(answer, status, code, url);
    if (pointers !== undefined) {
      expect(answer.json.errors.map((error) => error.pointer)).toEqual(pointers);
    }
    expect(await seq()).toBe(before);
  });
});

test('405 names the methods that the path takes', async () => {
  expect((await server.call('PUT', topology.at, {})).headers['allow']).toBe('DELETE, GET, HEAD, PATCH');
});

test('a pin out of range is 400', async () => {
  const own = { ...pin, mapping: topology.mapping };
  expectProblem(
    await server.call('POST', `${topology.at}/pins`, { ...own, offset: '4MiB' }),
    400,
    'out_of_range',
    `${topology.at}/pins`,
  );
});

test('a body that is no JSON by its type is 415', async () => {
  for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x']) {
    const answer = await server.call('POST', '/v1/hosts', 'name=b', { 'content-type': type });
    expectProblem(answer, 415, 'unsupported_media_type', '/v1/hosts');
  }
});

test('a body of 10 MB is 413, for a listing too', async () => {
  const huge = JSON.stringify({ name: 'x'.repeat(10_000_000), kernel: 'v6.1' });
  expectProblem(await server.call('POST', '/v1/hosts', huge), 413, 'payload_too_large', '/v1/hosts');
  const url = `${topology.at}/inventory`;
  expectProblem(await server.call('POST', url, huge), 413, 'payload_too_large', url);
});

test('too many requests are 429 with Retry-After; health is not counted', async () => {
  const limited = await startTestServer({ limits: { requests_per_minute: 2 } });
  try {
    for (const status of [200, 200, 429])
      expect((await limited.call('GET', '/v1/hosts')).status).toBe(status);
    const answer = await limited.call('GET', '/v1/hosts');
    expectProblem(answer, 429, 'rate_limited', '/v1/hosts');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await limited.call('GET', '/livez')).status).toBe(200);
  } finally {
    await limited.close();
  }
});

test('a fault of the store is 500 without its words, an unready one 503', async () => {
  const broken = await startTestServer();
  broken.controlPlane.list = () => Promise.reject(new Error('secret: disk /dev/sda1'));
  broken.controlPlane.check = () => Promise.reject(new Error('secret'));
  try {
    const answer = await broken.call('GET', '/v1/hosts');
    expectProblem(answer, 500, 'internal_error', '/v1/hosts');
    expect(answer.text).not.toContain('secret');
    expectProblem(await broken.call('GET', '/readyz'), 503, 'unavailable', '/readyz');
  } finally {
    await broken.close();
  }
});

test('over a socket: what is no HTTP, a body cut short, and the service stays up', async () => {
  const url = new URL(await server.listen());
  const port = Number(url.port);
  const garbage = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
    socket.on('data', (chunk) => (text += chunk.toString())).on('close', () => resolve(text));
  });
  expect(garbage).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*"code":"malformed_request"/);
  await new Promise<void>((resolve) => {
    const cut = httpRequest({
      port,
      path: '/v1/hosts',
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': '100' },
    });
    cut.on('error', () => resolve());
    cut.write('{"name"', () => cut.destroy());
  });
  const huge = await fetch(new URL('/v1/hosts', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `"${'x'.repeat(10_000_000)}"`,
  }).then(
    (answer) => answer.status,
    () => 413,
  );
  expect(huge).toBe(413);
  expect((await fetch(new URL('/livez', url))).status).toBe(200);
});
