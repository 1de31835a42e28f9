import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';

test('everything has a default', () => {
  expect(loadConfig([], {})).toEqual({
    host: '127.0.0.1',
    port: 8080,
    db: './data/daxplane.db',
    demo: true,
    log_level: 'info',
    rate_limit: 600_000,
    max_connections: 2_000,
  });
});

test('the environment is read, and an argument wins', () => {
  const env = { DAXPLANE_PORT: '0', DAXPLANE_DEMO: '1', DAXPLANE_RATE_LIMIT: '0', DAXPLANE_DB: '/data/d.db' };
  expect(loadConfig(['--no-demo'], env)).toMatchObject({
    port: 0,
    demo: false,
    rate_limit: null,
    db: '/data/d.db',
  });
  expect(loadConfig(['--demo'], { DAXPLANE_DEMO: '0' }).demo).toBe(true);
});

test('every wrong variable and argument is named', () => {
  const load = () =>
    loadConfig(['--demon'], { DAXPLANE_PORT: '99999', DAXPLANE_DEMO: 'yes', DAXPLANE_LOG_LEVEL: 'loud' });
  for (const name of ['DAXPLANE_PORT', 'DAXPLANE_DEMO', 'DAXPLANE_LOG_LEVEL', '--demon'])
    expect(load).toThrow(name);
});
