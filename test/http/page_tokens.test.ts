import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveTopology } from '../support/server.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);

const tokenOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

test('a list takes the tokens of its own pages and no others', async () => {
  const processes = `${topology.at}/processes`;
  for (const pid of [50, 51]) await server.call('POST', processes, { pid, comm: 'nginx' });
  const first = await server.call('GET', `${processes}?limit=2`);
  const token = first.json.next_page ?? '';
  const second = await server.call('GET', `${processes}?page_token=${token}`);
  expect([first.json.items.length, second.json.items.length, second.json.next_page]).toEqual([2, 1, null]);
  const foreign = [
    'x',
    'bnVsbA',
    `${token}=`,
    ...[['hosts', 1], ['processes', -1], ['processes'], 1].map(tokenOf),
  ];
  for (const page_token of foreign) {
    const { status, json } = await server.call('GET', `${processes}?page_token=${page_token}`);
    expect([page_token, status, json.code, json.errors]).toMatchObject([
      page_token,
      400,
      'invalid_field',
      [{ pointer: '/page_token' }],
    ]);
  }
  for (const other of ['/v1/hosts', '/v1/assessment', '/v1/kernels'])
    expect([other, (await server.call('GET', `${other}?page_token=${token}`)).status]).toEqual([other, 400]);
});
