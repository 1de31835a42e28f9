import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTopology, startTestServer, type TestServer, type Topology } from '../support/server.ts';

let server: TestServer;
let topology: Topology;
beforeEach(async () => {
  server = await startTestServer();
  topology = await makeTopology(server);
});
afterEach(() => server.close());

const at = () => `${topology.at}/files/${topology.file}`;

test('a mapped file is in use, and says by whom; unmapped it goes, with an event', async () => {
  const refused = await server.call('DELETE', at());
  expect([refused.status, refused.json.code]).toEqual([409, 'file_in_use']);
  expect(refused.json['detail']).toContain(`${topology.mapping} of process 42`);
  await server.call('DELETE', `${topology.at}/mappings/${topology.mapping}`);
  const dry = await server.call('DELETE', `${at()}?dry_run=true`);
  expect([dry.status, dry.headers['dry-run']]).toEqual([204, 'true']);
  expect((await server.call('GET', at())).status).toBe(200);
  const gone = await server.call('DELETE', at());
  expect([gone.status, gone.text]).toEqual([204, '']);
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
  expect([first.status, again.status, again.headers['idempotency-replayed']]).toEqual([204, 204, 'true']);
});
