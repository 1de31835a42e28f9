import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { HTTP_PROBLEMS } from '../../src/http/problem.ts';
import { REPOSITORY } from '../client/child_service.ts';
import { serve } from '../support/server.ts';

const runbook = await readFile(join(REPOSITORY, 'docs/runbook.md'), 'utf8');

const server = serve(beforeAll, afterAll);

test('the metrics that the runbook says to watch are there', async () => {
  const named = [...runbook.matchAll(/^\| `([a-z]\w+)` \|/gm)].map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(4);
  const { text } = await server.call('GET', '/metrics');
  const served = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
  expect(named.filter((name) => !served.has(name))).toEqual([]);
});

test('each 503 of the store has its row, and no other', () => {
  const rows = [...runbook.matchAll(/^\| 503 `(\w+)` \|/gm)].map(([, code]) => code);
  const codes = Object.keys(HTTP_PROBLEMS).filter((code) => code.startsWith('store_'));
  expect(rows.toSorted()).toEqual(codes.toSorted());
});

test('its variables are those of the configuration', () => {
  const named = [...new Set(runbook.match(/DAXPLANE_[A-Z_]+/g))];
  expect(named.length).toBeGreaterThan(2);
  const members = Object.keys(loadConfig([], {}));
  expect(
    named
      .map((name) => name.replace('DAXPLANE_', '').toLowerCase())
      .filter((name) => !members.includes(name)),
  ).toEqual([]);
});
