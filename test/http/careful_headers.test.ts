import { IncomingMessage, type ServerResponse } from 'node:http';
import { connect, Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CarefulResponse } from '../../src/http/edge/careful_response.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
let port: number;
beforeAll(async () => {
  port = Number(new URL(await server.listen()).port);
});

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;

test.each([
  ['of a route', get('/v1/hosts'), 200],
  ['of no route', get('/v1/nothing'), 404],
  ['to a path that cannot be decoded', get('/v1/hosts/%zz'), 400],
  ['to what is no HTTP', 'NONSENSE\r\n\r\n', 400],
])('an answer %s makes a browser careful', async (_name, asked, status) => {
  const text = await new Promise<string>((resolve) => {
    let all = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(asked));
    socket.on('data', (chunk) => (all += chunk.toString())).on('close', () => resolve(all));
  });
  const [first, ...fields] = (text.split('\r\n\r\n', 1)[0] ?? '').split('\r\n');
  expect(first).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
  const names = fields.map((field) => field.split(':', 1)[0]?.toLowerCase());
  expect(names).toEqual(expect.arrayContaining(['content-security-policy', 'x-content-type-options']));
});

test.each([
  ['an object', (response: ServerResponse) => response.writeHead(200, { 'X-Frame-Options': 'DENY', a: 'b' })],
  ['a list', (response: ServerResponse) => response.writeHead(200, ['X-Frame-Options', 'DENY', 'a', 'b'])],
  [
    'a reason',
    (response: ServerResponse) => response.writeHead(200, 'Well', { 'x-frame-options': 'DENY', a: 'b' }),
  ],
  [
    'set before',
    (response: ServerResponse) => response.setHeader('x-frame-options', 'DENY').writeHead(200, { a: 'b' }),
  ],
])('what an answer says itself of a careful field is left: %s', (_name, answer) => {
  const response = new CarefulResponse(new IncomingMessage(new Socket()));
  answer(response).flushHeaders();
  const head = (response as unknown as { readonly _header: string })._header.toLowerCase();
  expect(head.match(/x-frame-options: [^\r]*/g)).toEqual(['x-frame-options: deny']);
  expect(head.match(/referrer-policy: |^a: b/gm)).toHaveLength(2);
});
