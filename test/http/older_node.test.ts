import { METHODS } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer } from '../support/server.ts';

/** Methods that a Node of `engines` may be without: its parser came to know them later. */
const LATER = ['QUERY'];
const known = [...METHODS];

beforeAll(() => {
  METHODS.splice(0, METHODS.length, ...known.filter((method) => !LATER.includes(method)));
});
afterAll(() => {
  METHODS.splice(0, METHODS.length, ...known);
});

test('the service starts where Node does not know QUERY', async () => {
  const server = await startTestServer();
  expect((await server.call('GET', '/livez')).status).toBe(200);
  await server.close();
});
