import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXPOSED_HEADERS } from '../../src/http/edge/cors.ts';
import { tokensOf } from '../../src/http/edge/tokens.ts';
import { DOCUMENT } from '../support/document.ts';
import { openStream } from '../support/event_stream.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const DASH = 'https://dash.example';
const TOKEN = 't'.repeat(32);
const preflight = { origin: DASH, 'access-control-request-method': 'PATCH' };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    callers: { host: '127.0.0.1', allowed: [], origins: [DASH, 'http://10.0.0.5:3000'] },
    tokens: tokensOf([TOKEN]),
  });
});
afterAll(() => server.close());

const options = async (own: TestServer, headers: Record<string, string>, url = '/v1/hosts/node-a') =>
  own.app.inject({ method: 'OPTIONS', url, headers });

describe('a preflight of an origin that is configured', () => {
  test('is answered before any token is asked for', async () => {
    const { statusCode, headers, body } = await options(server, preflight);
    expect([statusCode, body]).toEqual([204, '']);
    expect(headers).toMatchObject({
      'access-control-allow-origin': DASH,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-max-age': '7200',
      vary: 'Origin',
    });
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    const allowed = String(headers['access-control-allow-headers']).toLowerCase().split(', ');
    for (const name of [
      'authorization',
      'content-type',
      'if-match',
      'idempotency-key',
      'prefer',
      'traceparent',
    ])
      expect(allowed).toContain(name);
    for (const name of ['last-event-id', 'x-request-id', 'x-requested-with', 'if-none-match'])
      expect(allowed).toContain(name);
  });

  test.each(['/v1/events', '/v1/nothing', '/metrics', '/openapi.json'])('at %s', async (url) => {
    expect((await options(server, preflight, url)).statusCode).toBe(204);
  });
});

test.each([
  'http://dash.example',
  'https://dash.example:8443',
  'https://dash.example.evil.example',
  'https://sub.dash.example',
  'null',
])('%s is another origin', async (origin) => {
  for (const answer of [
    await options(server, { ...preflight, origin }),
    await server.app.inject({ method: 'GET', url: '/livez', headers: { origin } }),
  ]) {
    expect([answer.statusCode, answer.json()]).toMatchObject([403, { code: 'origin_not_allowed' }]);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  }
});

test('an OPTIONS that is no preflight is answered as without CORS', async () => {
  const plain = await startTestServer();
  try {
    for (const headers of [{}, { origin: DASH }, { 'access-control-request-method': 'GET' }])
      for (const [url, expected] of [
        ['/v1/hosts', [405, 'method_not_allowed', 'GET, HEAD, POST']],
        ['/v1/nothing', [404, 'route_not_found', undefined]],
      ] as const) {
        const {
          statusCode,
          headers: said,
          json,
        } = await options(server, headers, url).then((answer) => ({
          ...answer,
          statusCode: answer.statusCode,
          headers: answer.headers,
          json: answer.json<{ code: string }>(),
        }));
        expect([statusCode, json.code, said['allow']]).toEqual(expected);
      }
    expect((await options(plain, {}, '/v1/hosts')).statusCode).toBe(405);
  } finally {
    await plain.close();
  }
});

describe('a page of an origin that is configured', () => {
  const from = (headers: Record<string, string> = {}) => ({
    origin: DASH,
    authorization: `Bearer ${TOKEN}`,
    ...headers,
  });

  test('reads answers and problems', async () => {
    const made = await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.1' }, from());
    const { etag = '' } = made.headers;
    const changed = await server.call(
      'PATCH',
      '/v1/hosts/node-a',
      { labels: {} },
      from({ 'if-match': etag }),
    );
    const answers = [
      made,
      changed,
      await server.call('GET', '/v1/hosts', undefined, from()),
      await server.call('GET', '/v1/hosts/none', undefined, from()),
      await server.call('POST', '/v1/hosts', { nothing: 1 }, from()),
      await server.call('PATCH', '/v1/hosts/node-a', {}, from({ 'if-match': etag })),
      await server.call('GET', '/v1/hosts', undefined, { origin: DASH }),
      await server.call('GET', '/v1/nothing', undefined, from()),
      await server.call('PUT', '/v1/hosts', undefined, from()),
      await server.call('GET', '/livez', undefined, { origin: DASH }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 404, 400, 412, 401, 404, 405, 200]);
    for (const { headers } of answers)
      expect(headers).toMatchObject({
        'access-control-allow-origin': DASH,
        'access-control-expose-headers': EXPOSED_HEADERS.join(', '),
        vary: 'Origin',
      });
  });

  test('reads the stream', async () => {
    const stream = await openStream(`${await server.listen()}/v1/events/stream`, from());
    expect([stream.status, stream.headers]).toMatchObject([
      200,
      {
        'access-control-allow-origin': DASH,
        'access-control-expose-headers': EXPOSED_HEADERS.join(', '),
        vary: 'Origin',
      },
    ]);
    stream.close();
  });

  test('is told that the answer depends on more where it does', async () => {
    const { headers } = await server.call('GET', '/errors', undefined, { origin: DASH, accept: 'text/html' });
    expect(headers['vary']).toBe('Origin, Accept, accept-encoding');
  });

  test('sends no POST that any page could have sent', async () => {
    const { status } = await server.call('POST', '/v1/hosts/node-a/reboot', undefined, from());
    expect(status).toBe(403);
  });
});

test('who sends no Origin is told that the answer depends on it', async () => {
  const { headers } = await server.call('GET', '/livez');
  expect([headers['vary'], headers['access-control-allow-origin']]).toEqual(['Origin', undefined]);
});

test('where none is configured nothing is said of it', async () => {
  const own = await startTestServer();
  try {
    const { headers } = await own.call('GET', '/v1/hosts');
    expect(Object.keys(headers).filter((name) => name === 'vary' || name.startsWith('access-'))).toEqual([]);
  } finally {
    await own.close();
  }
});

test('every field that the document has of an answer, but those of CORS, may be read', () => {
  const documented = Object.values(DOCUMENT.paths)
    .flatMap((operations) => Object.values(operations))
    .flatMap(({ responses }) => Object.values(responses))
    .concat(Object.values(DOCUMENT.components.responses))
    .flatMap((response) => Object.keys((response as { headers?: object }).headers ?? {}));
  expect(documented).toContain('ETag');
  expect(
    [...new Set(documented)].filter(
      (name) => !name.startsWith('Access-Control-') && !EXPOSED_HEADERS.includes(name),
    ),
  ).toEqual([]);
});
