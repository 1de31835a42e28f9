import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sqliteHarness, type SqliteHarness } from '../store/support/sqlite_harness.ts';
import { makeTopology, startTestServer, type TestAnswer, type TestServer } from '../support/server.ts';

let harness: SqliteHarness;
let server: TestServer;
beforeEach(async () => {
  harness = sqliteHarness();
  server = await startTestServer({ store: await harness.open() });
});
afterEach(async () => {
  await server.close();
  await harness.cleanup();
});

const WAIT = { prefer: 'wait=60' };
const host = '/v1/hosts/node-a';

async function databaseHash(): Promise<string> {
  return createHash('sha256')
    .update(await harness.dump())
    .digest('hex');
}

/** Identifiers and times are chosen afresh at each run. */
function plain(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'uid').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time');
}

async function dryThenDone(url: string, body: unknown): Promise<{ dry: TestAnswer; acted: TestAnswer }> {
  const before = await databaseHash();
  const dry = await server.call('POST', `${url}?dry_run=true`, body, WAIT);
  expect(await databaseHash()).toBe(before);
  const acted = await server.call('POST', url, body, WAIT);
  return { dry, acted };
}

function told({ status, headers, json }: TestAnswer) {
  return [status, headers['preference-applied'], headers['dry-run'], json.state, json['verdict']];
}

test('[WI3] a dry removal is the removal at rest, 200 as a waiting client gets it', async () => {
  await makeTopology(server, 'node-a', 'v6.12');
  const url = `${host}/dax-devices/pmem0/remove`;
  const begun = await server.call('POST', `${url}?dry_run=true`, { trigger: 'unbind' });
  expect(told(begun)).toEqual([200, undefined, 'true', 'completed', 'exposed']);
  const { dry, acted } = await dryThenDone(url, { trigger: 'unbind' });
  expect(told(dry)).toEqual([200, 'wait=60', 'true', 'completed', 'exposed']);
  expect([acted.status, plain(acted.text)]).toEqual([200, plain(dry.text)]);
  expect(plain(begun.text)).toBe(plain(dry.text));
});

test('[WI3] a dry removal that would wait says on what, at once', async () => {
  const { mapping } = await makeTopology(server, 'node-a', 'v5.10');
  const pin = { pid: 42, mapping, offset: 0, length: 4096, kind: 'transient', holder: 'vmsplice' };
  const { json } = await server.call('POST', `${host}/pins`, pin);
  const url = `${host}/dax-devices/pmem0/remove?dry_run=true`;
  const dry = await server.call('POST', url, { trigger: 'unbind' }, WAIT);
  expect(told(dry)).toEqual([202, 'wait=60', 'true', 'waiting', null]);
  expect(dry.json.waiting_on[0]?.pin).toBe(json.id);
  const unasked = await server.call('POST', url, { trigger: 'unbind' });
  expect(told(unasked)).toEqual([202, undefined, 'true', 'waiting', null]);
});

test('[WI3] a dry removal that would never end is stuck, with its verdict', async () => {
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v7.3' });
  await server.call('POST', `${host}/dax-devices`, { name: 'pmem0', mode: 'fsdax', size: '1GiB' });
  const mount = {
    dax_device: 'pmem0',
    path: '/mnt',
    fs_type: 'xfs',
    dax: 'always',
    mkfs: true,
    rmapbt: true,
  };
  const { id } = (await server.call('POST', `${host}/mounts`, mount)).json;
  const file = (await server.call('POST', `${host}/files`, { mount: id, path: '/data', size: '16MiB' })).json
    .id;
  await server.call('POST', `${host}/processes`, { pid: 42, comm: 'redis' });
  const mapping = {
    pid: 42,
    file,
    offset: 0,
    length: '4MiB',
    flags: ['shared'],
    prot: 'rw',
    populate: 'write',
  };
  expect((await server.call('POST', `${host}/mappings`, mapping)).status).toBe(201);
  const { dry, acted } = await dryThenDone(`${host}/dax-devices/pmem0/remove`, { trigger: 'unbind' });
  expect(told(dry)).toEqual([200, 'wait=60', 'true', 'stuck', 'unsafe']);
  expect(plain(acted.text)).toBe(plain(dry.text));
});

test('[WI3] If-Match stands before the dry run too', async () => {
  await makeTopology(server);
  const url = `${host}/dax-devices/pmem0/remove?dry_run=true`;
  const other = await server.call('POST', url, { trigger: 'unbind' }, { ...WAIT, 'if-match': '"other.1"' });
  expect([other.status, other.json.code]).toEqual([412, 'precondition_failed']);
  const { headers } = await server.call('GET', `${host}/dax-devices/pmem0`);
  const same = await server.call('POST', url, { trigger: 'unbind' }, { 'if-match': headers['etag'] ?? '' });
  expect(told(same).slice(0, 4)).toEqual([200, undefined, 'true', 'completed']);
});

test('[WI3] a bus event, dry or waited for, is answered with the removals that it caused, at rest', async () => {
  await makeTopology(server, 'node-a', 'v6.1');
  const event = { action: 'surprise_removal', dax_device: 'pmem0' };
  const { dry, acted } = await dryThenDone(`${host}/hotplug-events`, event);
  expect([dry.status, dry.headers['preference-applied'], dry.headers['dry-run']]).toEqual([
    201,
    'wait=60',
    'true',
  ]);
  expect([acted.status, acted.headers['preference-applied']]).toEqual([201, 'wait=60']);
  expect(dry.json['removals']).toMatchObject([
    { state: 'completed', verdict: 'exposed', id: dry.json.removal },
  ]);
  expect(plain(acted.text)).toBe(plain(dry.text));
  const { json } = await server.call('GET', `/v1/removals/${acted.json.removal}`);
  expect(acted.json['removals']).toEqual([json]);
  expect((await server.call('GET', acted.headers['location'] ?? '')).json).not.toHaveProperty('removals');
});

test('[WI3] a bus event that nobody waits for is answered with its record', async () => {
  await makeTopology(server);
  const event = { action: 'orderly_removal', dax_device: 'pmem0' };
  await server.call('DELETE', `${host}/processes/42`);
  const { status, headers, json } = await server.call('POST', `${host}/hotplug-events`, event);
  expect([status, headers['preference-applied']]).toEqual([201, undefined]);
  expect(json).not.toHaveProperty('removals');
});

test('[WI3] all that stands on a CXL memdev goes with it: removals, regions and memdev are as they are in the end', async () => {
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
  const device = { name: 'dax1.0', mode: 'devdax', size: '1GiB', phys_addr: '0x400000000', provider: 'CXL' };
  expect((await server.call('POST', `${host}/dax-devices`, device)).status).toBe(201);
  const body = { trigger: 'surprise_removal', via: 'cxl_pci' };
  const begun = await server.call('POST', `${host}/cxl-memdevs/mem0/remove?dry_run=true`, body);
  expect(begun.status).toBe(200);
  const { dry, acted } = await dryThenDone(`${host}/cxl-memdevs/mem0/remove`, body);
  expect([dry.status, dry.headers['preference-applied']]).toEqual([200, 'wait=60']);
  expect(dry.json).toMatchObject({
    cxl_memdev: { state: 'gone' },
    removals: [{ state: 'completed', dax_device: 'dax1.0' }],
  });
  expect(plain(acted.text)).toBe(plain(dry.text));
});

test('[WI3] a bus event of a CXL device lists the removal of each device that goes with the card', async () => {
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
  const device = { name: 'dax1.0', mode: 'devdax', size: '1GiB', phys_addr: '0x400000000', provider: 'CXL' };
  await server.call('POST', `${host}/dax-devices`, device);
  const event = { action: 'surprise_removal', dax_device: 'dax1.0' };
  const { dry, acted } = await dryThenDone(`${host}/hotplug-events`, event);
  expect(dry.json['removals']).toMatchObject([{ state: 'completed', cxl_memdev: 'mem0' }]);
  expect(plain(acted.text)).toBe(plain(dry.text));
});
