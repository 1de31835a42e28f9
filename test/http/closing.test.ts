import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createControlPlane } from '../../src/app/control_plane.ts';
import { buildServer } from '../../src/http/server.ts';
import { openFreshStore } from '../support/local_store.ts';

test('a listing that a stop comes upon is 503 with Retry-After, and no fault in the log', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const store = await openFreshStore();
  const controlPlane = createControlPlane(
    {
      ...store,
      packedRecords: async (query) => {
        const records = await store.packedRecords(query);
        await controlPlane.close();
        return records;
      },
    },
    logger,
  );
  const app = await buildServer({ backend: controlPlane, logger });
  const headers = { 'content-type': 'application/json' };
  await app.inject({ method: 'POST', url: '/v1/hosts', headers, payload: '{"name":"a","kernel":"v6.12"}' });
  const answer = await app.inject({ method: 'POST', url: '/v1/hosts/a/inventory', headers, payload: '[]' });
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([503, 'unavailable']);
  expect(answer.headers['retry-after']).toBe('1');
  expect(lines).toEqual([]);
  await app.close();
});
