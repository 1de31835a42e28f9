import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveTopology, type Method } from '../support/server.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);
let port: number;
beforeAll(async () => {
  port = Number(new URL(await server.listen()).port);
});
const CREATE = { comm: 'x' };
const TEXT = { 'content-type': 'text/plain' };

/** Method, path below the host, body, headers; status, and the header at fault. */
const ROWS: readonly (readonly [Method, string, unknown, Record<string, string>, number, string])[] = [
  ['POST', '/processes', CREATE, { 'idempotency-key': 'k'.repeat(256) }, 400, 'Idempotency-Key'],
  ['POST', '/processes', CREATE, { 'idempotency-key': 'a b' }, 400, 'Idempotency-Key'],
  ['POST', '/processes', CREATE, { 'if-match': '"x.1"' }, 412, 'If-Match'],
  ['PATCH', '', {}, { 'if-match': '"x.1"' }, 412, 'If-Match'],
  ['POST', '/processes', CREATE, TEXT, 415, 'Content-Type'],
  ['POST', '/processes', CREATE, { 'content-type': 'application/' }, 415, 'Content-Type'],
  ['POST', '/processes', CREATE, { 'content-encoding': 'gzip' }, 415, 'Content-Encoding'],
  ['POST', '/reboot', undefined, {}, 403, 'Content-Type'],
  ['GET', '', undefined, { origin: 'http://elsewhere.example' }, 403, 'Origin'],
  ['GET', '', undefined, { host: 'elsewhere.example' }, 421, 'Host'],
];

test.each(ROWS)(
  '%s %s of %j with %j is %i, and names %s',
  async (method, path, body, headers, status, name) => {
    const answer = await server.call(method, topology.at + path, body, headers);
    const [fault] = answer.json.errors;
    expect([answer.status, fault?.pointer]).toEqual([status, `/${name}`]);
    expect(fault?.detail).toMatch(/^header: ./);
    expect(answer.json['detail']).toBe(`/${name}: ${String(fault?.detail)}`);
  },
);

test('a key of another request is named', async () => {
  const key = { 'idempotency-key': 'taken' };
  await server.call('POST', `${topology.at}/processes`, CREATE, key);
  const { status, json } = await server.call('POST', `${topology.at}/processes`, { comm: 'y' }, key);
  expect([status, json.errors.map(({ pointer }) => pointer)]).toEqual([422, ['/Idempotency-Key']]);
});

test('a range of the explorer is named', async () => {
  const asked = { range: 'bytes=99999999-' };
  const { status, json } = await server.call('GET', '/docs/static/swagger-ui.css', undefined, asked);
  expect([status, json.errors.map(({ pointer }) => pointer)]).toEqual([416, ['/Range']]);
});

test.each([
  ['Host: localhost\r\nExpect: much', 417, '/Expect'],
  ['Host: localhost\r\nHost: localhost', 400, '/Host'],
])('what Node parses is named: %j', async (fields, status, pointer) => {
  const text = await new Promise<string>((resolve) => {
    let all = '';
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET /v1/hosts HTTP/1.1\r\n${fields}\r\nConnection: close\r\n\r\n`),
    );
    socket.on('data', (chunk) => (all += chunk.toString())).on('close', () => resolve(all));
  });
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
  expect(text).toContain(`"errors":[{"pointer":"${pointer}"`);
});
