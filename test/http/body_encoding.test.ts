import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
});
afterAll(() => server.close());

const JSON_TYPE = { 'content-type': 'application/json' };
const URLS = ['/v1/hosts?dry_run=true', '/v1/hosts/node-a/inventory?dry_run=true'];
const bodyOf = (url: string): unknown =>
  url.includes('inventory') ? '[]' : JSON.stringify({ name: 'node-b', kernel: 'v6.12' });

test.each([
  ['gzip', { ...JSON_TYPE, 'content-encoding': 'gzip' }],
  ['utf-16', { 'content-type': 'application/json; charset=utf-16' }],
  ['latin1', { 'content-type': 'application/json;charset="latin1"' }],
])('a body that says it is %s is 415, which names it', async (name, headers) => {
  for (const url of URLS) {
    const { status, json } = await server.call('POST', url, bodyOf(url), headers);
    expect([url, status, json.code]).toEqual([url, 415, 'unsupported_media_type']);
    expect(json['detail']).toContain(name);
  }
});

test.each([
  ['identity', { ...JSON_TYPE, 'content-encoding': 'identity' }],
  ['UTF-8', { 'content-type': 'application/json; charset=UTF-8' }],
])('a body that says it is %s is taken', async (_name, headers) => {
  for (const url of URLS)
    expect((await server.call('POST', url, bodyOf(url), headers)).status).toBeLessThan(300);
});
