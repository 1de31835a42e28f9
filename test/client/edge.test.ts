import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnService, startChildService, type ChildService } from './child_service.ts';

const TOKEN = 'a-token-'.repeat(4);
const ORIGIN = 'https://dash.example';

const directory = mkdtempSync(join(tmpdir(), 'daxplane-edge-'));
afterAll(() => rmSync(directory, { recursive: true }));

const tokens = (text: string): string => {
  const path = join(directory, 'tokens');
  writeFileSync(path, text);
  return path;
};

describe('a service with tokens, an origin and a limit', () => {
  let service: ChildService;
  beforeAll(async () => {
    service = await startChildService({
      DAXPLANE_DEMO: '0',
      DAXPLANE_TOKEN_FILE: tokens(`# for tests\n${TOKEN}\n`),
      DAXPLANE_CORS_ORIGINS: ORIGIN,
      DAXPLANE_RATE_LIMIT: '1000',
    });
  });
  afterAll(() => service.stop());

  const hosts = (headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${service.url}/v1/hosts`, { headers, method });

  test('lets in who has a token, and tells what is left', async () => {
    expect((await hosts()).status).toBe(401);
    const answer = await hosts({ authorization: `Bearer ${TOKEN}` });
    expect([answer.status, answer.headers.get('ratelimit')]).toEqual([
      200,
      expect.stringMatching(/^"default";r=999;t=\d+$/),
    ]);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  });

  test('lets pages of the origin read', async () => {
    const answer = await hosts({ authorization: `Bearer ${TOKEN}`, origin: ORIGIN });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, ORIGIN]);
    const preflight = await hosts({ origin: ORIGIN, 'access-control-request-method': 'GET' }, 'OPTIONS');
    expect(preflight.status).toBe(204);
    expect((await hosts({ origin: 'https://evil.example' })).status).toBe(403);
  });

  test('compresses over a socket what is asked for, in one piece or as a stream', async () => {
    const at = `${service.url}/openapi.json`;
    const [plain, packed] = await Promise.all([
      fetch(at, { headers: { 'accept-encoding': 'identity' } }),
      fetch(at, { headers: { 'accept-encoding': 'br' } }),
    ]);
    expect([plain.headers.get('content-encoding'), packed.headers.get('content-encoding')]).toEqual([
      null,
      'br',
    ]);
    expect(await packed.text()).toBe(await plain.text());
  });
});

test.each([
  ['short\n', 'tokens:1: '],
  ['', 'there is no token'],
])('a file of %j is a reason not to start, before a file of the store is made', async (text, reason) => {
  const DAXPLANE_DB = join(directory, 'none', 'daxplane.db');
  const child = spawnService({ DAXPLANE_DB, DAXPLANE_TOKEN_FILE: tokens(text) });
  let written = '';
  child.stderr?.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  expect([code, written]).toEqual([1, expect.stringContaining(reason)]);
  expect(written).not.toContain('short');
});
