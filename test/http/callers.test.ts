import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveTopology, startTestServer, type TestServer } from '../support/server.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);

type Headers = Readonly<Record<string, string>>;

async function ask(own: TestServer, headers: Headers, url = '/v1/hosts'): Promise<unknown[]> {
  const { status, json } = await own.call('GET', url, undefined, headers);
  return [status, json.code];
}

const OK = [200, undefined];
const WRONG_HOST = [421, 'host_not_allowed'];
const WRONG_ORIGIN = [403, 'origin_not_allowed'];

describe('on the loopback', () => {
  test.each([
    ['localhost', OK],
    ['LocalHost:8080', OK],
    ['localhost.:80', OK],
    ['127.0.0.1:1', OK],
    ['127.8.9.10', OK],
    ['[::1]:8080', OK],
    ['evil.example', WRONG_HOST],
    ['evil.example:8080', WRONG_HOST],
    ['localhost.evil.example', WRONG_HOST],
    ['127.0.0.1.evil.example', WRONG_HOST],
    ['128.0.0.1', WRONG_HOST],
    ['127.999.1.1', WRONG_HOST],
    ['127.0.0.256:80', WRONG_HOST],
    ['0.0.0.0:8080', WRONG_HOST],
    ['[::2]:8080', WRONG_HOST],
    ['localhost@evil.example', WRONG_HOST],
    ['evil.example:80:localhost', WRONG_HOST],
  ])('Host: %s', async (host, expected) => {
    expect(await ask(server, { host })).toEqual(expected);
  });

  test.each([
    ['http://localhost:8080', OK],
    ['https://127.0.0.1', OK],
    ['http://[::1]:3000', OK],
    ['http://evil.example', WRONG_ORIGIN],
    ['http://localhost.evil.example:8080', WRONG_ORIGIN],
    ['null', WRONG_ORIGIN],
    ['file://', WRONG_ORIGIN],
    ['chrome-extension://localhost', WRONG_ORIGIN],
  ])('Origin: %s', async (origin, expected) => {
    expect(await ask(server, { origin, host: 'localhost:8080' })).toEqual(expected);
  });

  test('what is refused is so on every path, and nothing has happened', async () => {
    const before = (await server.call('GET', topology.at)).json.revision;
    for (const url of ['/livez', '/metrics', '/openapi.json', '/docs/', '/v1/nope']) {
      expect(await ask(server, { host: 'evil.example' }, url)).toEqual(WRONG_HOST);
    }
    const reboot = await server.call('POST', `${topology.at}/reboot`, {}, { origin: 'http://evil.example' });
    expect([reboot.status, reboot.json.code]).toEqual(WRONG_ORIGIN);
    expect((await server.call('GET', topology.at)).json.revision).toBe(before);
  });
});

describe('names that are told', () => {
  test('are served, and their pages may ask', async () => {
    const own = await startTestServer({
      callers: { host: '127.0.0.1', allowed: ['dax.example', 'fd00::1'] },
    });
    try {
      expect(await ask(own, { host: 'DAX.example:443', origin: 'https://dax.example' })).toEqual(OK);
      expect(await ask(own, { host: '[fd00::1]:8080' })).toEqual(OK);
      expect(await ask(own, { host: 'other.example' })).toEqual(WRONG_HOST);
    } finally {
      await own.close();
    }
  });

  test('on another address every Host is served until some are told, and only pages of the host that is asked', async () => {
    const open = await startTestServer({ callers: { host: '0.0.0.0', allowed: [] } });
    const told = await startTestServer({ callers: { host: '10.0.0.5', allowed: ['dax.example'] } });
    try {
      const host = 'node.example:8080';
      expect(await ask(open, { host })).toEqual(OK);
      expect(await ask(open, { host, origin: `http://${host}` })).toEqual(OK);
      expect(await ask(open, { host, origin: 'http://localhost:8080' })).toEqual(WRONG_ORIGIN);
      expect(await ask(told, { host })).toEqual(WRONG_HOST);
      for (const known of ['10.0.0.5:8080', 'localhost', 'dax.example'])
        expect(await ask(told, { host: known })).toEqual(OK);
    } finally {
      await open.close();
      await told.close();
    }
  });
});

describe('a POST without a body', () => {
  const verbs = ['/reboot', '/dax-devices/pmem0/bind', '/mounts/m2/shutdown', '/mounts/m2/commit'];
  const dry = (verb: string): string => `${topology.at}${verb}?dry_run=true`;

  test('is refused, as any page could send it', async () => {
    for (const verb of verbs) {
      const { status, json } = await server.call('POST', dry(verb));
      expect([verb, status, json.code]).toEqual([verb, 403, 'deliberate_header_required']);
      expect(json['detail']).toContain('Content-Type: application/json');
    }
  });

  test.each([
    ['content-type', 'application/json'],
    ['x-requested-with', 'curl'],
    ['idempotency-key', 'k'],
    ['prefer', 'wait=1'],
  ])('passes with %s', async (name, value) => {
    expect((await server.call('POST', dry('/reboot'), undefined, { [name]: value })).status).toBe(200);
  });

  test('is told where a body is needed', async () => {
    const { status, json } = await server.call('POST', '/v1/hosts');
    expect([status, json.code]).toEqual([400, 'invalid_request']);
  });

  test('DELETE needs no such header: no page of another origin can send one', async () => {
    expect(
      (await server.call('DELETE', `${topology.at}/mappings/${topology.mapping}?dry_run=true`)).status,
    ).toBe(200);
  });
});

test('a listing as text is taken from a tool, and not from a page that says nothing more', async () => {
  const url = `${topology.at}/inventory?dry_run=true`;
  const text = { 'content-type': 'text/plain' };
  const post = async (headers: Headers, listing = '[]'): Promise<number> =>
    (await server.call('POST', url, listing, { ...text, ...headers })).status;
  expect(await post({})).toBe(200);
  // What the tools print where nothing matches.
  expect(await post({}, '')).toBe(200);
  expect(await post({ origin: 'http://localhost:80' }, '')).toBe(403);
  expect(await post({ 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await post({ origin: 'http://localhost:80' })).toBe(403);
  const fromPage = await server.call('POST', url, '[]', { ...text, origin: 'http://localhost:80' });
  expect(fromPage.json['detail']).toMatch(
    /^\/Content-Type: header: a POST of text\/plain from a web page needs /,
  );
  expect(await post({ origin: 'http://localhost:80', 'x-requested-with': 'fetch' })).toBe(200);
});
