import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
let port = 0;
beforeAll(async () => {
  port = Number(new URL(await server.listen()).port);
});

/** Status and code of each answer to what was sent in one piece, until the server closes. */
async function answersTo(...requests: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.write(requests.join(''));
  await once(socket, 'close');
  const answers = text.split(/(?=HTTP\/1\.1 )/);
  return answers.map((answer) => [answer.slice(9, 12), /"(?:code|name)":"([^"]+)"/.exec(answer)?.[1] ?? '']);
}

const FIELDS = 'Host: localhost\r\nContent-Type: application/json\r\n';
let made = 0;
const fresh = (): string => `host-${String(++made)}`;

/** The name is in the answer: whose answer it is. */
function post(name: string, ...more: readonly string[]): string {
  const body = JSON.stringify({ name, kernel: 'v6.1' });
  const fields = [`Content-Length: ${String(body.length)}`, ...more].join('\r\n');
  return `POST /v1/hosts HTTP/1.1\r\n${FIELDS}${fields}\r\n\r\n${body}`;
}
const CONNECT = 'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n';
const BAD_CHUNK = `POST /v1/hosts HTTP/1.1\r\n${FIELDS}Transfer-Encoding: chunked\r\n\r\nzz\r\n`;

test.each([
  ['CONNECT', CONNECT, ['405', 'method_not_allowed']],
  ['what is no HTTP', 'nonsense\r\n\r\n', ['400', 'malformed_request']],
  ['a body that breaks off', BAD_CHUNK, ['400', 'malformed_request']],
  ['header fields without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`, ['431', 'headers_too_large']],
])('%s does not take the place of the answers before it', async (_name, refused, refusal) => {
  const [first, second] = [fresh(), fresh()];
  expect(await answersTo(refused)).toEqual([refusal]);
  expect(await answersTo(post(first), post(second), refused)).toEqual([
    ['201', first],
    ['201', second],
    refusal,
  ]);
});

test.each([
  ['CONNECT', CONNECT],
  ['what is no HTTP', 'nonsense\r\n\r\n'],
])('after a request that closes the connection %s has no answer', async (_name, refused) => {
  const last = fresh();
  expect(await answersTo(post(last, 'Connection: close'), refused)).toEqual([['201', last]]);
});
