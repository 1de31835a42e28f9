import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTopology, serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
beforeAll(async () => {
  await makeTopology(server);
});

/** Every path that the service has, with the same text in place of each parameter. */
function everyPath(parameter: string): string[] {
  const { paths = {} } = server.app.swagger();
  const own = Object.keys(paths).map((path) => path.replaceAll(/\{\w+\}/g, parameter));
  return [
    ...own,
    `/docs/static/${parameter}`,
    `/docs/${parameter}`,
    `/${parameter}`,
    `/v1/nope/${parameter}`,
  ];
}

describe('a path that names nothing is a clear 4xx, on every route', () => {
  test.each([
    ['101 characters', 'a'.repeat(101), [400, 404, 405]],
    ['256 characters', 'a'.repeat(256), [414]],
    ['10 000 characters', 'a'.repeat(10_000), [414]],
    ['NUL', 'a%00b', [400]],
    ['no UTF-8', '%ff', [400]],
    ['half an encoding', '%e2%82', [400]],
    ['no hex', '%zz', [400]],
    ['an encoded slash', '%2f', [400, 404, 405]],
    ['dots', '%2e%2e%2f%2e%2e%2fetc%2fpasswd', [400, 404, 405]],
    ['control characters', '%01%0a%7f', [400, 404, 405]],
    ['four bytes a character', '%F0%9F%98%80'.repeat(10), [400, 404, 405]],
  ])('%s', async (_name, parameter, statuses) => {
    for (const url of everyPath(parameter).filter((path) => path.includes(parameter))) {
      const { status, headers } = await server.call('GET', url);
      expect([url, statuses]).toEqual([url, expect.arrayContaining([status])]);
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    }
  });
});

test('a query that cannot be decoded is 400', async () => {
  for (const query of ['tenant=%00', 'tenant=%ff', 'tenant=%zz', 'tenant=%', '%e2=1']) {
    const { status, json } = await server.call('GET', `/v1/dax-devices?${query}`);
    expect([query, status, json.code]).toEqual([query, 400, 'malformed_request']);
  }
  expect((await server.call('GET', '/v1/dax-devices?tenant=a+b%20%E2%82%AC')).status).toBe(200);
});

test.each([
  ['/v1/hosts/h/open-files/%00', '/open_file', 'path parameter: contains a NUL character'],
  ['/v1/hosts/h/open-files/%ff', '/open_file', 'path parameter: is not percent-encoded UTF-8'],
  ['/v1/hosts/%ff/open-files/o1', '/host', 'path parameter: is not percent-encoded UTF-8'],
  ['/v1/nope/%ff', '/%ff', 'path: is not percent-encoded UTF-8'],
  ['/v1/hosts/h/open-files?pid=%00', '/pid', 'query parameter: contains a NUL character'],
  ['/v1/hosts/h/open-files?limit=1&p%69d=%ff', '/pid', 'query parameter: is not percent-encoded UTF-8'],
  ['/v1/hosts/h/open-files?%ff=1', '/%ff', 'query parameter: is not percent-encoded UTF-8'],
])('what of %s is at fault is told', async (url, pointer, detail) => {
  const { status, json } = await server.call('GET', url);
  expect([status, json.code, json.detail]).toEqual([400, 'malformed_request', `${pointer}: ${detail}`]);
  expect(json['errors']).toEqual([{ pointer, detail }]);
});

test('the longest names pass', async () => {
  const name = 'n'.repeat(63);
  expect((await server.call('POST', '/v1/hosts', { name, kernel: 'v6.1' })).status).toBe(201);
  expect((await server.call('GET', `/v1/hosts/${name}`)).status).toBe(200);
});
