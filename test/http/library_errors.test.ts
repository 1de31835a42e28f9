import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveTopology } from '../support/server.ts';

const { server, topology } = serveTopology(beforeAll, afterAll);

test.each([
  [{ range: 'bytes=99999999-' }, 416, 'range_not_satisfiable'],
  [{ 'if-match': '"x"' }, 412, 'precondition_failed'],
  [{ 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 412, 'precondition_failed'],
])(
  'a file of the explorer, asked with %j: a problem that is not the fault of the service',
  async (headers, status, code) => {
    const answer = await server.call('GET', '/docs/static/swagger-ui.css', undefined, headers);
    expect([answer.status, answer.json.code, answer.json.status]).toEqual([status, code, status]);
  },
);

test.each(['', ' ', 'json', '/', 'application/'])('a body of the type %j is 415', async (type) => {
  const { status, json } = await server.call('POST', `${topology.at}/reboot`, '{}', { 'content-type': type });
  expect([status, json.code]).toEqual([415, 'unsupported_media_type']);
});
