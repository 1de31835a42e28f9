import { once } from 'node:events';
import { METHODS } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DOCUMENT } from '../support/document.ts';
import { serveTopology } from '../support/server.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);
let port = 0;
beforeAll(async () => {
  port = Number(new URL(await server.listen()).port);
});

/** Sends a text as it is, and takes what comes until the server closes. */
async function send(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

/** A request that closes its connection, after it was answered. */
const request = (line: string, ...fields: string[]): string =>
  `${[line, 'Connection: close', ...fields].join('\r\n')}\r\n\r\n`;
const HOST = 'Host: localhost';
const TYPE = 'Content-Type: application/json';

describe('what Node would answer on its own is a problem document', () => {
  test.each([
    ['Expect', request('GET /v1/hosts HTTP/1.1', HOST, 'Expect: foo'), 417, 'expectation_failed'],
    [
      'Expect of more',
      request('GET / HTTP/1.1', HOST, 'Expect: 100-continue, foo'),
      417,
      'expectation_failed',
    ],
    [
      'a second Expect',
      request('GET / HTTP/1.1', HOST, 'Expect: 100-continue', 'Expect: foo'),
      417,
      'expectation_failed',
    ],
    ['no Host', request('GET /v1/hosts HTTP/1.1'), 400, 'malformed_request'],
    ['two Hosts', request('GET /v1/hosts HTTP/1.1', HOST, 'host: evil.example'), 400, 'malformed_request'],
    ['CONNECT', request('CONNECT localhost:443 HTTP/1.1', HOST), 405, 'method_not_allowed'],
    ['CONNECT of a path', request('CONNECT /v1/hosts HTTP/1.1', HOST), 405, 'method_not_allowed'],
    ['TRACE', request('TRACE /v1/hosts HTTP/1.1', HOST), 405, 'method_not_allowed'],
    ['OPTIONS', request('OPTIONS /v1/hosts HTTP/1.1', HOST), 405, 'method_not_allowed'],
    ['OPTIONS of all', request('OPTIONS * HTTP/1.1', HOST), 404, 'route_not_found'],
    [
      'QUERY, which older Nodes do not know',
      request('QUERY /v1/hosts HTTP/1.1', HOST),
      ...(METHODS.includes('QUERY')
        ? ([405, 'method_not_allowed'] as const)
        : ([400, 'malformed_request'] as const)),
    ],
    ['no method', request('FOO /v1/hosts HTTP/1.1', HOST), 400, 'malformed_request'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'malformed_request'],
  ])('%s', async (_name, text, status, code) => {
    const [head = '', body = ''] = (await send(text))
      .replace('HTTP/1.1 100 Continue\r\n\r\n', '')
      .split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `));
    expect(head).toMatch(/^content-type: application\/problem\+json/im);
    expect(/^allow:/im.test(head)).toBe(status === 405);
    expect(JSON.parse(body)).toMatchObject({ status, code });
  });
});

test('what is expected and cannot be met closes the connection, for a body may follow or not', async () => {
  const fields = [HOST, 'Expect: foo', TYPE, 'Content-Length: 2'];
  const answer = await send(`POST /v1/hosts HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 417 [^]*^connection: close/im);
});

test.each([
  ['nothing', 'HTTP/1.1', ['Expect:']],
  ['nothing, twice', 'HTTP/1.1', ['Expect: , ', 'Expect:']],
  ['100-continue in two fields', 'HTTP/1.1', ['Expect: 100-continue', 'Expect: 100-Continue']],
  ['100-continue twice in one', 'HTTP/1.1', ['Expect: 100-continue ,, 100-continue']],
  ['anything by HTTP/1.0, which does not have it', 'HTTP/1.0', ['Expect: foo']],
])('to expect %s is no fault', async (_name, version, fields) => {
  const answer = await send(request(`GET /livez ${version}`, HOST, ...fields));
  expect(answer.replace('HTTP/1.1 100 Continue\r\n\r\n', '')).toMatch(/^HTTP\/1\.1 200 /);
});

test('100-continue goes on', async () => {
  const body = JSON.stringify({ name: 'goes-on', kernel: 'v6.1' });
  const length = `Content-Length: ${String(body.length)}`;
  const line = 'POST /v1/hosts?dry_run=true HTTP/1.1';
  const answer = await send(request(line, HOST, TYPE, 'Expect: 100-continue', length) + body);
  expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
});

test.each([
  ['to WebSocket', 'GET /livez HTTP/1.1', [HOST, 'Connection: Upgrade', 'Upgrade: websocket']],
  ['to HTTP/2', 'GET /livez HTTP/1.1', [HOST, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c']],
])('an upgrade %s is not made, the request answered', async (_name, line, fields) => {
  expect(await send(request(line, ...fields))).toMatch(/^HTTP\/1\.1 200 /);
});

test('HTTP/1.0 needs no Host', async () => {
  expect(await send(request('GET /livez HTTP/1.0'))).toMatch(/^HTTP\/1\.1 200 /);
});

test('a client that hangs up on the answer to its CONNECT ends nothing', async () => {
  for (let count = 0; count < 20; count += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(request('CONNECT localhost:443 HTTP/1.1', HOST));
    socket.resetAndDestroy();
  }
  expect((await server.call('GET', topology.at)).status).toBe(200);
});

/** Its GET does not end: test/http/event_stream.test.ts has its HEAD. */
const STREAM = '/v1/events/stream';

test('HEAD of every GET that ends has its status and no body', async () => {
  for (const [path, operations] of Object.entries(DOCUMENT.paths)) {
    if (!('get' in operations) || path === STREAM) continue;
    const url = path.replace('{host}', 'node-a').replaceAll(/\{\w+\}/g, 'pmem0');
    const [get, head] = [await server.call('GET', url), await server.call('HEAD', url)];
    expect([url, head.status, head.text]).toEqual([url, get.status, '']);
  }
});
