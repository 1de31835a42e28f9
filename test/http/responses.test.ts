import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as z from 'zod';
import { BoundDaxDevice, DaxDevice } from '../../src/http/schemas/dax_device.ts';
import { StoredEvent } from '../../src/http/schemas/event.ts';
import { File } from '../../src/http/schemas/file.ts';
import { Holder, surveyed } from '../../src/http/schemas/holder.ts';
import { Host } from '../../src/http/schemas/host.ts';
import { HotplugEvent, RecordedHotplugEvent } from '../../src/http/schemas/hotplug_event.ts';
import { InventoryImport } from '../../src/http/schemas/inventory.ts';
import { Kernel } from '../../src/http/schemas/kernel.ts';
import { Mapping } from '../../src/http/schemas/mapping.ts';
import { Mount } from '../../src/http/schemas/mount.ts';
import { Outcome } from '../../src/http/schemas/outcome.ts';
import { pageOf } from '../../src/http/schemas/page.ts';
import { Pin } from '../../src/http/schemas/pin.ts';
import { Process } from '../../src/http/schemas/process.ts';
import { Removal, Signal } from '../../src/http/schemas/removal.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { serveTopology, type Method } from '../support/server.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);

/** One request whose answer must have the status and the schema, to the letter: schemas are strict. */
async function answer(
  schema: z.ZodType,
  status: number,
  method: Method,
  url: string,
  body?: unknown,
  headers = {},
) {
  const got = await server.call(method, url.startsWith('/v1/') ? url : topology.at + url, body, headers);
  expect([url, got.status, got.text.slice(0, 300)]).toEqual([url, status, expect.any(String)]);
  const parsed = schema.safeParse(got.json);
  expect([url, parsed.error?.issues ?? []]).toEqual([url, []]);
  return got;
}

test('what each route answers is what its schema says', async () => {
  await answer(Host, 201, 'POST', '/v1/hosts', { name: 'node-b', kernel: 'v7.3', labels: { rack: '1' } });
  await answer(Host, 200, 'PATCH', '/v1/hosts/node-b', { sysctl: { memory_failure_early_kill: 1 } });
  await answer(Host, 200, 'POST', '/v1/hosts/node-b/reboot', { kernel: 'v6.12' });
  await answer(DaxDevice, 201, 'POST', '/dax-devices', { name: 'dax1.0', mode: 'devdax', size: '1GiB' });
  await answer(DaxDevice, 200, 'PATCH', '/dax-devices/dax1.0', { tenant: 'a', media_serial: '0x1f' });
  await answer(Process, 201, 'POST', '/processes', { comm: 'nginx', parent_pid: 42 });
  await answer(Outcome, 200, 'POST', `/mappings/${topology.mapping}/access`, { offset: 0, kind: 'write' });
  await answer(Outcome, 200, 'POST', `/files/${topology.file}/io`, {
    pid: 42,
    kind: 'pread',
    offset: 0,
    length: 4096,
  });
  const pin = {
    pid: 42,
    mapping: topology.mapping,
    offset: 0,
    length: 4096,
    kind: 'transient',
    holder: 'vmsplice',
  };
  const made = await answer(Pin, 201, 'POST', '/pins', pin);
  await answer(Mount, 200, 'POST', `/mounts/${topology.mount}/commit`, {});
  await answer(pageOf(Holder, surveyed), 200, 'GET', '/dax-devices/pmem0/holders');
  await answer(Outcome, 200, 'DELETE', `/pins/${made.json.id}`);
  const body = { trigger: 'unbind' };
  const removal = await answer(Removal, 200, 'POST', '/dax-devices/pmem0/remove', body, {
    prefer: 'wait=60',
  });
  await answer(pageOf(Signal), 200, 'GET', `/v1/removals/${removal.json.id}/signals`);
  await answer(Mount, 200, 'POST', `/mounts/${topology.mount}/shutdown`, {});
  await answer(BoundDaxDevice, 200, 'POST', '/dax-devices/pmem0/bind', {});
  await answer(RecordedHotplugEvent, 201, 'POST', '/hotplug-events', {
    action: 'surprise_removal',
    dax_device: 'dax1.0',
  });
  await answer(Outcome, 200, 'DELETE', `/mappings/${topology.mapping}`);
  await answer(Outcome, 200, 'DELETE', '/processes/42');
  await answer(
    InventoryImport,
    200,
    'POST',
    '/v1/hosts/node-b/inventory',
    '[{"dev":"namespace0.0","mode":"fsdax","map":"dev","size":1056964608,"uuid":"3f5d5a5e-0000-4000-8000-000000000001","sector_size":512,"align":2097152,"blockdev":"pmem3"}]',
  );
  for (const name of KERNEL_NAMES) await answer(Kernel, 200, 'GET', `/v1/kernels/${name}`);
});

test('every list is pages of what its schema says', async () => {
  const lists: [string, z.ZodType][] = [
    ['/v1/hosts', Host],
    ['/v1/dax-devices', DaxDevice],
    ['/v1/mounts', Mount],
    ['/v1/mappings', Mapping],
    ['/v1/pins', Pin],
    ['/v1/hotplug-events', HotplugEvent],
    ['/v1/removals', Removal],
    ['/v1/kernels', Kernel],
    ['/v1/events?limit=500', StoredEvent],
    ['/dax-devices', DaxDevice],
    ['/mounts', Mount],
    ['/files', File],
    ['/processes', Process],
    ['/mappings', Mapping],
    ['/pins', Pin],
    ['/hotplug-events', HotplugEvent],
  ];
  for (const [url, item] of lists) await answer(pageOf(item), 200, 'GET', url);
});

test('a record that is deleted is 204 and then gone', async () => {
  await server.call('POST', '/v1/hosts', { name: 'node-c', kernel: 'v6.1' });
  await server.call('POST', '/v1/hosts/node-c/dax-devices', { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
  for (const path of ['/v1/hosts/node-c/dax-devices/pmem0', '/v1/hosts/node-c']) {
    const { status, text } = await server.call('DELETE', path);
    expect([path, status, text]).toEqual([path, 204, '']);
    expect((await server.call('GET', path)).status).toBe(404);
  }
});

test('a listing is taken as text, whatever it is called, and exported as it was', async () => {
  const url = '/v1/hosts/node-b/inventory';
  const before = await server.call('GET', `${url}?format=ndctl`);
  for (const type of ['text/plain', 'application/octet-stream', 'application/x-www-form-urlencoded']) {
    const again = await server.call('POST', url, before.text, { 'content-type': type });
    expect([again.status, again.json.devices[0]?.change]).toEqual([200, 'unchanged']);
  }
  await server.call('POST', '/v1/hosts', { name: 'node-d', kernel: 'v6.1' });
  expect((await server.call('GET', '/v1/hosts/node-d/inventory?format=daxctl')).json).toEqual([]);
});

test('health, readiness and metrics', async () => {
  expect((await server.call('GET', '/livez')).json).toEqual({ status: 'ok' });
  expect((await server.call('GET', '/readyz')).json.status).toBe('ready');
  const metrics = await server.call('GET', '/metrics');
  expect(metrics.text).toMatch(
    /http_request_duration_seconds_count\{method="GET",route="\/livez",status="200"\} 1/,
  );
});
