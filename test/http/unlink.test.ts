import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveTopology } from '../support/server.ts';

const { server, topology } = serveTopology(beforeEach, afterEach);

const at = () => `${topology.at}/files/${topology.file}`;

test('a mapped file stays without a name until its last user goes', async () => {
  expect((await server.call('DELETE', at())).json).toMatchObject({ result: 'ok' });
  expect((await server.call('GET', at())).json).toMatchObject({ state: 'unlinked' });
  await server.call('DELETE', `${topology.at}/mappings/${topology.mapping}`);
  expect((await server.call('GET', at())).json.code).toBe('file_not_found');
});

test('a file that nobody uses goes, with an event', async () => {
  await server.call('DELETE', `${topology.at}/mappings/${topology.mapping}`);
  const dry = await server.call('DELETE', `${at()}?dry_run=true`);
  expect([dry.status, dry.headers['dry-run']]).toEqual([200, 'true']);
  expect((await server.call('GET', at())).status).toBe(200);
  const gone = await server.call('DELETE', at());
  expect([gone.status, gone.json.result]).toEqual([200, 'ok']);
  expect((await server.call('GET', at())).json.code).toBe('file_not_found');
  const { items } = (await server.call('GET', '/v1/events?limit=500')).json;
  expect(items.at(-1)).toMatchObject({ type: 'file_deleted', subject: `files/${topology.file}` });
});

test('If-Match and Idempotency-Key hold for it', async () => {
  await server.call('DELETE', `${topology.at}/mappings/${topology.mapping}`);
  const { headers } = await server.call('GET', at());
  const key = { 'idempotency-key': 'unlink' };
  expect((await server.call('DELETE', at(), undefined, { 'if-match': '"other.1"' })).status).toBe(412);
  const first = await server.call('DELETE', at(), undefined, { ...key, 'if-match': String(headers['etag']) });
  const again = await server.call('DELETE', at(), undefined, { ...key, 'if-match': String(headers['etag']) });
  expect([first.status, again.status, again.headers['idempotency-replayed']]).toEqual([200, 200, 'true']);
});

test('without its mount the file is there, out of reach of every call until it is mounted again', async () => {
  const { at: host, file, mapping, mount } = topology;
  await server.call('DELETE', `${host}/mappings/${mapping}`);
  const { dax_device, path, fs_type, dax } = (await server.call('GET', `${host}/mounts/${mount}`)).json;
  expect((await server.call('DELETE', `${host}/mounts/${mount}`)).status).toBe(200);
  const range = { pid: 42, offset: 0, length: 4096 };
  const answers = [
    await server.call('DELETE', at()),
    await server.call('POST', `${at()}/io`, { ...range, kind: 'pread' }),
    await server.call('POST', `${at()}/io`, { ...range, kind: 'fsync' }),
    await server.call('POST', `${host}/mappings`, { ...range, file, flags: ['shared'], prot: 'r' }),
  ];
  for (const { status, json } of answers) {
    expect([status, json.code]).toEqual([409, 'file_system_not_mounted']);
    expect(json['detail']).toContain('POST …/mounts');
  }
  expect((await server.call('GET', at())).status).toBe(200);
  expect((await server.call('DELETE', `${host}/mounts/${mount}`)).json.code).toBe('mount_not_found');
  const again = await server.call('POST', `${host}/mounts`, { dax_device, path, fs_type, dax });
  expect(again.status).toBe(201);
  expect((await server.call('DELETE', at())).json).toMatchObject({ result: 'ok' });
});
