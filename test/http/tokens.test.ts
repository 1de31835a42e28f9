import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createControlPlane } from '../../src/app/control_plane.ts';
import { isOpen } from '../../src/http/edge/authorization.ts';
import { buildServer } from '../../src/http/server.ts';
import { loadTokens, tokensOf } from '../../src/http/edge/tokens.ts';
import { DOCUMENT } from '../support/document.ts';
import { openFreshStore } from '../support/local_store.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const ONE = 'one-'.repeat(8);
const TWO = 'two.'.repeat(9);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ tokens: tokensOf([ONE, TWO]) });
});
afterAll(() => server.close());

const ask = async (authorization?: string, url = '/v1/hosts') =>
  server.call('GET', url, undefined, authorization === undefined ? {} : { authorization });

test.each([`Bearer ${ONE}`, `Bearer ${TWO}`, `bearer ${ONE}`, `BEARER ${TWO}`])(
  'a token that is known is let in: %s',
  async (authorization) => {
    expect((await ask(authorization)).status).toBe(200);
  },
);

test.each([
  [undefined, 'Bearer realm="daxplane"'],
  ['Bearer ', 'Bearer realm="daxplane", error="invalid_token"'],
  [`Bearer ${ONE}x`, 'Bearer realm="daxplane", error="invalid_token"'],
  [`Bearer ${ONE.slice(1)}`, 'Bearer realm="daxplane", error="invalid_token"'],
  [`Bearer ${ONE} ${TWO}`, 'Bearer realm="daxplane", error="invalid_token"'],
  [ONE, 'Bearer realm="daxplane", error="invalid_token"'],
  [`Basic ${Buffer.from(`x:${ONE}`).toString('base64')}`, 'Bearer realm="daxplane", error="invalid_token"'],
])('anything else is 401: %s', async (authorization, challenge) => {
  const { status, headers, json } = await ask(authorization);
  expect([status, json.code, json.errors[0]?.pointer]).toEqual([401, 'unauthorized', '/Authorization']);
  expect(headers['www-authenticate']).toBe(challenge);
  expect(headers['x-request-id']).toBe(json['request_id']);
});

test('an event tells which token asked', async () => {
  const name = { name: 'node-t', kernel: 'v6.12' };
  await server.call('POST', '/v1/hosts', name, { authorization: `Bearer ${TWO}` });
  const { json } = await ask(`Bearer ${ONE}`, '/v1/events?host=node-t');
  expect(json.items[0]?.['actor']).toBe('token-2@127.0.0.1');
});

describe('what needs none', () => {
  test.each([
    '/',
    '/livez',
    '/readyz',
    '/errors',
    '/runbook',
    '/matrix',
    '/story',
    '/alerts.yml',
    '/grafana/daxplane.json',
    '/docs',
    '/docs/json',
    '/openapi.json',
    '/openapi-3.0.json',
  ])('%s', async (url) => {
    expect((await ask(undefined, url)).status).toBe(200);
  });

  test('is what the document says, and what tells nothing of the fleet', async () => {
    for (const [path, operations] of Object.entries(DOCUMENT.paths))
      for (const { responses } of Object.values(operations))
        expect([path, '401' in responses]).toEqual([path, !isOpen(path)]);
    const made = await server.call(
      'POST',
      '/v1/hosts',
      { name: 'secret-host', kernel: 'v6.1' },
      {
        authorization: `Bearer ${ONE}`,
      },
    );
    expect(made.status).toBe(201);
    for (const url of ['/', '/docs/json', '/openapi.json', '/openapi-3.0.json', '/readyz'])
      expect((await ask(undefined, url)).text).not.toContain('secret-host');
  });

  test('is neither metrics nor a HEAD of what needs one; a path of no route is 404', async () => {
    expect((await ask(undefined, '/metrics')).status).toBe(401);
    expect((await server.call('HEAD', '/v1/hosts')).status).toBe(401);
    expect((await ask(undefined, '/v1/nothing')).status).toBe(404);
  });
});

test('nothing is done for who has none, whatever is sent', async () => {
  const { status } = await server.call('POST', '/v1/hosts', { name: 'node-x', kernel: 'v6.1' });
  expect(status).toBe(401);
  expect((await ask(`Bearer ${ONE}`, '/v1/hosts/node-x')).status).toBe(404);
});

test('guesses are counted', async () => {
  const limited = await startTestServer({
    tokens: tokensOf([ONE]),
    limits: { requests_per_minute: 2 },
  });
  try {
    const guess = async () =>
      (await limited.call('GET', '/v1/hosts', undefined, { authorization: `Bearer ${TWO}` })).status;
    expect([await guess(), await guess(), await guess()]).toEqual([401, 401, 429]);
  } finally {
    await limited.close();
  }
});

test('no token is logged, on any level', async () => {
  const lines: string[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const log = pino({ level: 'trace' }, sink);
  const controlPlane = createControlPlane(await openFreshStore(), log);
  const broken = {
    ...controlPlane,
    list: async () => {
      throw new Error('broken');
    },
  };
  const app = await buildServer({ backend: broken, logger: log, tokens: tokensOf([ONE]) });
  try {
    for (const token of [ONE, TWO])
      await app.inject({ method: 'GET', url: '/v1/hosts', headers: { authorization: `Bearer ${token}` } });
    expect(lines.join('')).toContain('request failed');
    for (const token of [ONE, TWO]) expect(lines.join('')).not.toContain(token);
  } finally {
    await app.close();
    await controlPlane.close();
  }
});

describe('a file of tokens', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'daxplane-tokens-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const load = async (text: string) => {
    const path = join(folder, 'tokens');
    await writeFile(path, text);
    return loadTokens(path);
  };

  test('has one a line, beside comments', async () => {
    const tokens = await load(`# dashboard\n${ONE}\r\n\n  ${TWO}  \n`);
    expect([tokens.find(ONE), tokens.find(TWO), tokens.find('# dashboard')]).toEqual([0, 1, null]);
  });

  test.each([
    ['', 'there is no token'],
    ['# none\n', 'there is no token'],
    [`${ONE}\nshort\n`, 'tokens:2: '],
    [`${ONE} ${TWO}\n`, 'tokens:1: '],
    [`${'é'.repeat(40)}\n`, 'tokens:1: '],
    [`${'x'.repeat(513)}\n`, 'tokens:1: '],
  ])('is refused where it is none, and not told: %j', async (text, message) => {
    const error = await load(text).then(
      () => null,
      (thrown: unknown) => String(thrown),
    );
    expect(error).toContain(message);
    for (const part of text.split(/[\n ]/).filter((each) => each.length > 3 && !each.startsWith('#')))
      expect(error).not.toContain(part);
  });

  test('is refused where it is not there', async () => {
    await expect(loadTokens(join(folder, 'nothing'))).rejects.toThrow('cannot be read');
  });
});
