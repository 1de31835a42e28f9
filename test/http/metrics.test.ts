import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);

test('each answer is counted once, by its route, those of no route together', async () => {
  for (const method of ['GET', 'HEAD', 'DELETE'] as const) await server.call(method, '/v1/hosts/none');
  await server.call('GET', '/v1/nothing');
  await server.call('PUT', '/v1/hosts');
  await server.call('GET', '/docs');
  await server.call('GET', '/metrics');
  const { text } = await server.call('GET', '/metrics');
  const counted = text.split('\n').filter((line) => line.startsWith('http_request_duration_seconds_count'));
  const labels = (method: string, route: string, status: number): string =>
    `http_request_duration_seconds_count{method="${method}",route="${route}",status="${String(status)}"} 1`;
  expect(counted.sort()).toEqual(
    [
      labels('GET', '/v1/hosts/:host', 404),
      labels('HEAD', '/v1/hosts/:host', 404),
      labels('DELETE', '/v1/hosts/:host', 404),
      labels('GET', 'unknown', 404),
      labels('PUT', 'unknown', 405),
      labels('GET', '/docs', 200),
      labels('GET', '/metrics', 200),
    ].sort(),
  );
});
