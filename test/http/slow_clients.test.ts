import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Connections } from '../../src/http/edge/connections.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer | null = null;
let sockets: Socket[] = [];
beforeEach(() => {
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await server?.close();
  server = null;
});

async function listen(connections: Partial<Connections>): Promise<{ own: TestServer; port: number }> {
  const own = (server = await startTestServer({ connections }));
  return { own, port: Number(new URL(await own.listen()).port) };
}

/** A connection that the server has taken. */
async function open({ own, port }: { own: TestServer; port: number }, text = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.push(socket);
  await once(own.app.server, 'connection');
  if (text !== '') socket.write(text);
  return socket;
}

/** However it ends: with a reset where something was on its way. */
async function closed(socket: Socket): Promise<void> {
  await new Promise((resolve) => socket.once('close', resolve));
}

async function allOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await closed(socket);
  return text;
}

const stalled = (bytes: number, announced: number): string =>
  `POST /v1/hosts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${String(announced)}\r\n\r\n${'x'.repeat(bytes)}`;
const soon = { headers_ms: 20, request_ms: 20, check_ms: 5 };

describe('what does not come is given up', () => {
  test.each([
    ['nothing at all', ''],
    ['half of the header', 'GET / HTTP/1.1\r\nHost: loc'],
    ['half of the body', stalled(3, 100)],
  ])('%s: 408, and the connection ends', async (_name, text) => {
    const socket = await open(await listen(soon), text);
    expect(await allOf(socket)).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
  });

  test('a connection on which nothing moves ends', async () => {
    const socket = await open(await listen({ idle_ms: 20 }));
    expect(await allOf(socket)).toBe('');
  });
});

test.each([
  ['what came too slowly', ''],
  ['what is no HTTP', 'nonsense\r\n\r\n'],
])('%s leaves no connection behind, though the client does not close its side', async (_name, text) => {
  const { own, port } = await listen(soon);
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(client);
  client.on('error', () => undefined);
  const [taken] = (await once(own.app.server, 'connection')) as [Socket];
  const gone = closed(taken);
  let wasIdle = false;
  taken.once('timeout', () => (wasIdle = true));
  client.write(text);
  const [answer] = (await once(client, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 40[08] /);
  await gone;
  expect([wasIdle, client.writable]).toEqual([false, true]);
});

test('one connection more than there may be is closed as it comes', async () => {
  const listening = await listen({ connections: 1 });
  const first = await open(listening);
  const second = connect(listening.port, '127.0.0.1');
  sockets.push(second);
  second.on('error', () => undefined);
  await closed(second);
  first.destroy();
});

describe('bodies under way', () => {
  const post = async (port: number, bytes: number): Promise<Response> =>
    fetch(`http://127.0.0.1:${String(port)}/v1/hosts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: 'x'.repeat(bytes),
    });

  test('that pass the bytes of all are 503 with Retry-After; what came and went is not counted', async () => {
    const { port } = await listen({ body_bytes: 1_000 });
    for (let at = 0; at < 5; at += 1) expect((await post(port, 600)).status).toBe(400);
    const refused = await post(port, 2_000);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refused.json()).toMatchObject({ code: 'unavailable' });
    expect((await post(port, 600)).status).toBe(400);
  });

  test('that stall are counted until they end', async () => {
    const listening = await listen({ body_bytes: 1_000 });
    const socket = await open(listening, stalled(600, 700));
    const until = async (status: number): Promise<void> => {
      while ((await post(listening.port, 600)).status !== status);
    };
    await until(503);
    socket.destroy();
    await until(400);
  });

  test.each([
    ['of a GET', 'GET /v1/hosts', 200],
    ['of a DELETE', 'DELETE /v1/hosts/nobody', 404],
    ['of a type that is refused', 'POST /v1/hosts', 415],
  ])('%s, which nobody reads, are not counted and end nothing', async (_name, line, status) => {
    const listening = await listen({ body_bytes: 1_000 });
    const fields = 'Host: localhost\r\nContent-Type: text/plain\r\nContent-Length: 3000';
    const socket = await open(listening, `${line} HTTP/1.1\r\n${fields}\r\n\r\n${'x'.repeat(2_000)}`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
    expect((await post(listening.port, 600)).status).toBe(400);
  });
});

describe('a server that closes', () => {
  test.each([
    ['nothing', ''],
    ['half a header', 'GET / HTTP/1.1\r\nHost: loc'],
    ['half a body', stalled(3, 100)],
  ])('does not wait for a client that sent %s', async (_name, text) => {
    const listening = await listen({ drain_ms: 1 });
    const socket = await open(listening, text);
    const ended = closed(socket);
    await listening.own.close();
    server = null;
    await ended;
  });
});
