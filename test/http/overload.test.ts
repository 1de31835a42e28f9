import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeTopology, startTestServer, type TestServer } from '../support/server.ts';

/** A promise and its end, in the hands of a test. */
function held<T>() {
  let release: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (release = resolve));
  return { promise, release };
}

test('one request more than are worked on is 503 with Retry-After; health answers, and so does the next', async () => {
  const server = await startTestServer({ limits: { requests_in_work: 1 } });
  const list = server.controlPlane.list.bind(server.controlPlane);
  const begun = held<null>();
  const go = held<null>();
  server.controlPlane.list = async (query) => {
    begun.release(null);
    await go.promise;
    return list(query);
  };
  try {
    const first = server.call('GET', '/v1/hosts');
    await begun.promise;
    const { status, json, headers } = await server.call('GET', '/v1/hosts');
    expect([status, json.code, headers['retry-after']]).toEqual([503, 'unavailable', '1']);
    for (const url of ['/livez', '/readyz', '/metrics'])
      expect((await server.call('GET', url)).status).toBe(200);
    go.release(null);
    expect((await first).status).toBe(200);
    for (const url of ['/v1/hosts', '/v1/nope', '/v1/hosts', '/v1/hosts?limit=x', '/v1/hosts'])
      expect((await server.call('GET', url)).status).not.toBe(503);
  } finally {
    await server.close();
  }
});

test('who waits for a removal is not worked on', async () => {
  const server = await startTestServer({ limits: { requests_in_work: 1 } });
  const waits = held<null>();
  const end = held<null>();
  const { controlPlane } = server;
  const wait = controlPlane.waitForRemoval.bind(controlPlane);
  controlPlane.waitForRemoval = async (...asked) => {
    waits.release(null);
    await end.promise;
    return wait(...asked);
  };
  try {
    const { at } = await makeTopology(server);
    const headers = { prefer: 'wait=60' };
    const first = server.call('POST', `${at}/dax-devices/pmem0/remove`, { trigger: 'unbind' }, headers);
    await waits.promise;
    expect((await server.call('GET', at)).status).toBe(200);
    end.release(null);
    expect((await first).status).toBe(200);
  } finally {
    await server.close();
  }
});

describe('who waits for a delay of a fault rule', () => {
  let server: TestServer;
  let [begun, go, waits, over] = [held<null>(), held<null>(), held<null>(), held<null>()];
  /** One that waits by a rule, and lists once it goes on: lists begin, and end with `go`. */
  beforeEach(async () => {
    server = await startTestServer({ limits: { requests_in_work: 1 } });
    [begun, go, waits, over] = [held<null>(), held<null>(), held<null>(), held<null>()];
    const { controlPlane } = server;
    const list = controlPlane.list.bind(controlPlane);
    controlPlane.list = async (query) => {
      begun.release(null);
      await go.promise;
      return list(query);
    };
    const delay = async (): Promise<null> => {
      waits.release(null);
      return over.promise;
    };
    Object.assign(controlPlane.faults, { delay });
    const action = { kind: 'delay', delay_ms: 1, at: 'before_effect' };
    await server.call('POST', '/v1/fault-rules', { selector: { path: '/v1/pins' }, action });
  });
  afterEach(() => server.close());

  test('is not worked on, and behind it is again', async () => {
    const delayed = server.call('GET', '/v1/pins');
    await waits.promise;
    expect((await server.call('GET', '/v1/kernels')).status).toBe(200);
    over.release(null);
    await begun.promise;
    expect((await server.call('GET', '/v1/kernels')).status).toBe(503);
    go.release(null);
    expect((await delayed).status).toBe(200);
    expect((await server.call('GET', '/v1/kernels')).status).toBe(200);
  });

  test('is 503 behind it where as many are worked on', async () => {
    const delayed = server.call('GET', '/v1/pins');
    await waits.promise;
    const other = server.call('GET', '/v1/hosts');
    await begun.promise;
    over.release(null);
    const { status, json } = await delayed;
    expect([status, json.code]).toEqual([503, 'unavailable']);
    go.release(null);
    expect((await other).status).toBe(200);
    expect((await server.call('GET', '/v1/kernels')).status).toBe(200);
  });
});

test('every answer has the headers that make a browser careful', async () => {
  const server = await startTestServer();
  const careful = {
    'content-security-policy':
      "default-src 'self';img-src 'self' data:;style-src 'self' 'unsafe-inline';object-src 'none';base-uri 'self';frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'x-download-options': 'noopen',
    'x-frame-options': 'SAMEORIGIN',
    'x-permitted-cross-domain-policies': 'none',
    'x-xss-protection': '0',
  };
  try {
    const at = await server.listen();
    const headersOf = async (url: string, headers: Record<string, string> = {}) => {
      const [answer] = (await once(get(at + url, { headers, agent: false }), 'response')) as [
        IncomingMessage,
      ];
      answer.resume();
      return answer.headers;
    };
    const files = ['/docs', '/docs/', '/docs/static/swagger-ui.css'];
    for (const url of ['/livez', '/v1/hosts', '/v1/nope', '/v1/hosts/a%00', ...files])
      expect(await headersOf(url), url).toMatchObject(careful);
    expect(await headersOf('/v1/hosts', { host: 'evil.example' })).toMatchObject(careful);
  } finally {
    await server.close();
  }
});
