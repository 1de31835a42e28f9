import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';

const MAX = 10_000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.call('POST', '/v1/hosts', { name: 'h', kernel: 'v6.12' });
});
afterAll(() => server.close());

const post = (listing: unknown) =>
  server.call('POST', '/v1/hosts/h/inventory', JSON.stringify(listing), {
    'content-type': 'application/json',
  });

const dimms = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => ({ dev: `nmem${String(from + at)}` }));

test('a listing of one object too many is 413, says both numbers and what helps, and changes nothing', async () => {
  const { status, json } = await post(dimms(MAX + 1));
  expect([status, json.code]).toEqual([413, 'payload_too_large']);
  expect(json['detail']).toBe(
    'the listing has 10001 objects, and one may have 10000; import the host in several listings',
  );
  expect(JSON.parse((await server.call('GET', '/v1/hosts/h/inventory')).text)).toEqual([]);
});

test('objects of every kind count together, inside of each other too', async () => {
  const half = MAX / 2;
  const regions = Array.from({ length: half }, (_, at) => ({ dev: `region${String(at)}`, size: 2 ** 30 }));
  expect((await post([{ dev: 'ndbus0', dimms: dimms(half), regions }])).status).toBe(413);
  const memdevs = Array.from({ length: half + 1 }, (_, at) => ({ memdev: `mem${String(at)}` }));
  const decoders = Array.from({ length: half }, (_, at) => ({ decoder: `decoder0.${String(at)}` }));
  expect((await post([{ 'anon memdevs': memdevs }, { 'root decoders': decoders }])).status).toBe(413);
});

test('as many as may be are taken, and the host is told in several listings', async () => {
  for (const from of [0, MAX]) {
    const { status, json } = await post(dimms(MAX, from));
    expect([status, (json['host_objects'] as unknown[]).length]).toEqual([200, MAX]);
  }
});
