import { afterEach, beforeEach, expect, test } from 'vitest';
import { DOCUMENT } from '../support/document.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeEach, afterEach);

test.each(['/docs/', '/docs/static/index.html', '/docs/static/swagger-ui.css', '/openapi.json'])(
  '%s reads nothing of the store',
  async (url) => {
    const asked: unknown[] = [];
    server.controlPlane.list = (query) => {
      asked.push(query);
      return Promise.reject(new Error('nobody needs it'));
    };
    expect((await server.call('GET', url)).status).toBeLessThan(400);
    expect(asked).toEqual([]);
  },
);

test('where the store cannot be read the explorer has its placeholders', async () => {
  server.controlPlane.list = () => Promise.reject(new Error('the disk is gone'));
  const { status, json } = await server.call('GET', '/docs/json');
  expect(status).toBe(200);
  expect(json['paths']).toEqual(DOCUMENT.paths);
  expect((await server.call('GET', '/docs/yaml')).status).toBe(200);
});
