import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compressAnswers } from '../../src/http/edge/compression.ts';
import { openStream } from '../support/event_stream.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const ROW = '/v1/hosts/node-a/dax-devices/pmem0';
const labels = Object.fromEntries(
  Array.from({ length: 64 }, (_each, at) => [`label-${String(at)}`, 'x'.repeat(30)]),
);
const UNPACK: Readonly<Record<string, (packed: Buffer) => Buffer>> = {
  gzip: (packed) => zlib.gunzipSync(packed),
  br: (packed) => zlib.brotliDecompressSync(packed),
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
  const made = await server.call('POST', '/v1/hosts/node-a/dax-devices', {
    name: 'pmem0',
    mode: 'fsdax',
    size: '1GiB',
    labels,
  });
  expect(made.status).toBe(201);
});
afterAll(() => server.close());

const get = async (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
  server.app.inject({ method, url, headers });

describe.each(['gzip', 'br'])('as %s', (encoding) => {
  const asked = { 'accept-encoding': encoding };

  // A record is compressed at once, the document as a stream.
  test.each([ROW, '/v1/dax-devices', '/openapi.json', '/metrics', '/errors'])('%s', async (url) => {
    const plain = await get(url);
    const packed = await get(url, asked);
    expect(packed.headers).toMatchObject({ 'content-encoding': encoding, vary: 'accept-encoding' });
    const body = UNPACK[encoding]!(packed.rawPayload).toString();
    expect(url === '/metrics' ? body.split('\n')[0] : body).toBe(
      url === '/metrics' ? plain.body.split('\n')[0] : plain.body,
    );
    expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length);
    expect([plain.headers['content-encoding'], plain.headers['vary']]).toEqual([
      undefined,
      'accept-encoding',
    ]);
  });

  test('an ETag names it, and a 304 names what was named', async () => {
    const { etag } = (await get(ROW)).headers;
    const packed = await get(ROW, asked);
    const tag = `${String(etag).slice(0, -1)}+${encoding}"`;
    expect(packed.headers.etag).toBe(tag);
    for (const [ifNoneMatch, named] of [
      [tag, tag],
      [`W/${tag}`, tag],
      [etag, etag],
      [`"other.1", ${tag}`, tag],
      [`${String(etag)}, ${tag}`, tag],
      ['*', etag],
    ]) {
      const kept = await get(ROW, { ...asked, 'if-none-match': String(ifNoneMatch) });
      expect([kept.statusCode, kept.body, kept.headers.etag]).toEqual([304, '', named]);
      expect(kept.headers['vary']).toBe('accept-encoding');
    }
    for (const other of [`${tag.slice(0, -1)}x"x`, `"other.1+${encoding}"`, tag.replace('+', '-')])
      expect((await get(ROW, { ...asked, 'if-none-match': other })).statusCode).toBe(200);
  });

  test('what a compressed answer was tagged with is taken by If-Match, once', async () => {
    const tag = String((await get(ROW, asked)).headers.etag);
    const change = async (ifMatch: string) =>
      server.app.inject({
        method: 'PATCH',
        url: ROW,
        headers: { ...asked, 'if-match': ifMatch, 'content-type': 'application/json' },
        payload: JSON.stringify({ tenant: encoding }),
      });
    expect((await change(`W/${tag}`)).statusCode).toBe(412);
    const changed = await change(tag);
    expect([changed.statusCode, changed.headers['content-encoding']]).toEqual([200, encoding]);
    expect((await change(tag)).statusCode).toBe(412);
    expect((await change(String(changed.headers.etag))).statusCode).toBe(200);
  });

  test('a problem is compressed as well', async () => {
    const wrong = await server.app.inject({
      method: 'POST',
      url: '/v1/hosts',
      headers: { ...asked, 'content-type': 'application/json' },
      payload: JSON.stringify(
        Object.fromEntries(Array.from({ length: 60 }, (_each, at) => [`wrong-${String(at)}`, 1])),
      ),
    });
    expect(wrong.statusCode).toBe(400);
    expect(JSON.parse(UNPACK[encoding]!(wrong.rawPayload).toString())).toMatchObject({
      code: 'invalid_request',
    });
  });
});

test.each([
  ['', undefined],
  ['identity', undefined],
  ['gzip;q=0', undefined],
  ['deflate', undefined],
  ['gzip;q=0.5, br;q=1', 'br'],
  ['br;q=0.1, gzip', 'gzip'],
  ['*', 'gzip'],
  ['zstd', 'createZstdCompress' in zlib ? 'zstd' : undefined],
])('of %j it is %s', async (asked, encoding) => {
  expect((await get(ROW, { 'accept-encoding': asked })).headers['content-encoding']).toBe(encoding);
});

test('what is short has one form, of which nothing is said', async () => {
  const { headers } = await get('/livez', { 'accept-encoding': 'gzip, br' });
  expect([headers['content-encoding'], headers['vary']]).toEqual([undefined, undefined]);
});

test('HEAD says what a GET that asks for no coding says, and has no body', async () => {
  const { headers } = await get(ROW);
  for (const asked of [{}, { 'accept-encoding': 'gzip' }] as const) {
    const head = await get(ROW, asked, 'HEAD');
    expect([head.statusCode, head.body]).toEqual([200, '']);
    for (const name of ['content-encoding', 'content-length', 'content-type', 'etag', 'vary'])
      expect([name, head.headers[name]]).toEqual([name, headers[name]]);
  }
});

test('the stream of events is sent as it comes, however it is asked for', async () => {
  const asked = { 'accept-encoding': 'gzip, br, zstd, *' };
  const stream = await openStream(`${await server.listen()}/v1/events/stream?after=0`, asked);
  expect([stream.status, stream.headers['content-encoding'], stream.headers.vary]).toEqual([
    200,
    undefined,
    undefined,
  ]);
  expect((await stream.events(1))[0]?.data).toContain('host_created');
  stream.close();
});

test('so is one that Fastify sends', async () => {
  const app = fastify();
  await compressAnswers(app);
  app.get('/stream', (_request, reply) =>
    reply.type('text/event-stream; charset=utf-8').send(Readable.from(['data: 1\n\n'.repeat(500)])),
  );
  app.get('/text', (_request, reply) => reply.type('text/plain').send(Readable.from(['1\n'.repeat(5000)])));
  const ask = async (url: string) =>
    (await app.inject({ url, headers: { 'accept-encoding': 'gzip, br, zstd, *' } })).headers[
      'content-encoding'
    ];
  expect([await ask('/stream'), await ask('/text')]).toEqual([undefined, expect.any(String)]);
  await app.close();
});
