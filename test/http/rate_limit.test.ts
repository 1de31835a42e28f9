import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { tokensOf } from '../../src/http/edge/tokens.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const [ONE, TWO, NONE] = ['1', '2', '3'].map((digit) => digit.repeat(32));

let server: TestServer;
beforeEach(async () => {
  // The clock alone: the counter reads it.
  vi.useFakeTimers({ toFake: ['Date'] });
  server = await startTestServer({ limits: { requests_per_minute: 2 } });
});
afterEach(async () => {
  await server.close();
  vi.useRealTimers();
});

/** Structured fields (RFC 9651) of the draft: one item, a string with parameters that are integers. */
const ITEM = /^"default"(?:;[a-z]+=\d+)+$/;

async function ask(
  own: TestServer,
  from = '10.0.0.1',
  headers: Record<string, string> = {},
  url = '/v1/hosts',
) {
  const answer = await own.app.inject({ method: 'GET', url, headers, remoteAddress: from });
  const { ratelimit, 'ratelimit-policy': policy, 'retry-after': retryAfter } = answer.headers;
  return { status: answer.statusCode, ratelimit, policy, retryAfter, body: answer.body, all: answer.headers };
}

test('every counted answer tells the policy and what is left of it', async () => {
  const first = await ask(server);
  expect(first).toMatchObject({
    status: 200,
    policy: '"default";q=2;w=60',
    ratelimit: '"default";r=1;t=60',
    retryAfter: undefined,
  });
  expect(first.ratelimit).toMatch(ITEM);
  expect(first.policy).toMatch(ITEM);
  vi.advanceTimersByTime(20_000);
  expect(await ask(server, undefined, {}, '/v1/hosts/none')).toMatchObject({
    status: 404,
    ratelimit: '"default";r=0;t=40',
  });
  expect(Object.keys(first.all).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
});

test('one more is 429, says when to ask again, and is answered then', async () => {
  await ask(server);
  await ask(server);
  const refused = await ask(server);
  expect(refused).toMatchObject({
    status: 429,
    policy: '"default";q=2;w=60',
    ratelimit: '"default";r=0;t=60',
    retryAfter: '60',
  });
  expect(JSON.parse(refused.body)).toMatchObject({ code: 'rate_limited', status: 429 });
  expect(refused.all['content-type']).toMatch(/^application\/problem\+json/);
  expect((await ask(server, '10.0.0.2')).status).toBe(200);
  vi.advanceTimersByTime(60_001);
  expect(await ask(server)).toMatchObject({ status: 200, ratelimit: '"default";r=1;t=60' });
});

test('health and metrics are not counted, and say nothing of it', async () => {
  for (const url of ['/livez', '/readyz', '/metrics', '/livez', '/metrics'])
    expect(await ask(server, undefined, {}, url)).toMatchObject({ status: 200, ratelimit: undefined });
});

test('a token is counted for itself, wherever it comes from; what is none by its address', async () => {
  const own = await startTestServer({ limits: { requests_per_minute: 1 }, tokens: tokensOf([ONE!, TWO!]) });
  const by = async (token: string, from: string) =>
    (await ask(own, from, { authorization: `Bearer ${token}` })).status;
  try {
    expect([await by(ONE!, '10.0.0.1'), await by(TWO!, '10.0.0.1')]).toEqual([200, 200]);
    expect([await by(ONE!, '10.0.0.2'), await by(TWO!, '10.0.0.3')]).toEqual([429, 429]);
    expect([await by(NONE!, '10.0.0.1'), await by(NONE!, '10.0.0.1')]).toEqual([401, 429]);
    expect(await by('x', '10.0.0.2')).toBe(401);
  } finally {
    await own.close();
  }
});

test('without a limit nothing is said of one', async () => {
  const own = await startTestServer();
  try {
    expect(await ask(own)).toMatchObject({ status: 200, ratelimit: undefined, policy: undefined });
  } finally {
    await own.close();
  }
});
