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
    streams_per_client: 100,
    max_connections: 2_000,
    journal_days: 90,
    journal_events: 2_000_000,
    cache_bytes: 33_554_432,
    allowed_hosts: [],
    cors_origins: [],
    otel: false,
    webhook_targets: [],
    webhook_disable_days: 5,
    token_file: null,
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
  const forEver = { DAXPLANE_JOURNAL_DAYS: '0', DAXPLANE_JOURNAL_EVENTS: '0' };
  expect(loadConfig([], forEver)).toMatchObject({ journal_days: null, journal_events: null });
  expect(loadConfig([], { DAXPLANE_CACHE_MIB: '1' }).cache_bytes).toBe(1_048_576);
  expect(loadConfig([], { DAXPLANE_TOKEN_FILE: '/run/tokens' }).token_file).toBe('/run/tokens');
  expect(loadConfig([], { DAXPLANE_TOKEN_FILE: '' }).token_file).toBeNull();
  expect(loadConfig(['--demo'], { DAXPLANE_DEMO: '0' }).demo).toBe(true);
});

test('names that may be asked for are a list of hosts, and nothing else', () => {
  const allowed = (text: string) => loadConfig([], { DAXPLANE_ALLOWED_HOSTS: text }).allowed_hosts;
  expect(allowed('dax.example, 10.0.0.5,::1 ,')).toEqual(['dax.example', '10.0.0.5', '::1']);
  for (const wrong of ['http://dax.example', 'dax.example:8080', 'a b', '*', 'a/b', 'user@a'])
    expect(() => allowed(wrong)).toThrow('DAXPLANE_ALLOWED_HOSTS');
  expect(() => loadConfig([], { DAXPLANE_MAX_CONNECTIONS: '0' })).toThrow('DAXPLANE_MAX_CONNECTIONS');
  for (const wrong of ['0', '1001'])
    expect(() => loadConfig([], { DAXPLANE_STREAMS_PER_CLIENT: wrong })).toThrow(
      'DAXPLANE_STREAMS_PER_CLIENT',
    );
});

test('targets of webhooks are names, addresses and CIDRs', () => {
  const targets = (text: string) => loadConfig([], { DAXPLANE_WEBHOOK_TARGETS: text }).webhook_targets;
  const taken = ['hooks.internal', 'localhost', '10.0.0.5', '::1', '10.0.0.0/8', 'fd00::/8'];
  expect(targets(taken.join(', '))).toEqual(taken);
  for (const wrong of [
    'http://hooks',
    'hooks:80',
    '10.0.0.0/33',
    '127.1',
    'fe80::1%eth0',
    '[::1]',
    '*',
    'a b',
  ])
    expect(() => targets(wrong), wrong).toThrow('DAXPLANE_WEBHOOK_TARGETS');
  for (const days of ['0', '366', '1.5'])
    expect(() => loadConfig([], { DAXPLANE_WEBHOOK_DISABLE_DAYS: days })).toThrow(
      'DAXPLANE_WEBHOOK_DISABLE_DAYS',
    );
});

test('origins are written as browsers write them', () => {
  const origins = (text: string) => loadConfig([], { DAXPLANE_CORS_ORIGINS: text }).cors_origins;
  expect(origins('https://dash.example, http://10.0.0.5:3000,http://[::1]:8080')).toEqual([
    'https://dash.example',
    'http://10.0.0.5:3000',
    'http://[::1]:8080',
  ]);
  for (const wrong of [
    '*',
    'null',
    'dash.example',
    'https://dash.example/',
    'https://Dash.example',
    'https://dash.example:443',
    'https://*.dash.example',
    'file://',
    'https://a.example/b',
  ])
    expect(() => origins(wrong), wrong).toThrow('DAXPLANE_CORS_ORIGINS');
});

test('every wrong variable and argument is named', () => {
  const load = () =>
    loadConfig(['--demon'], { DAXPLANE_PORT: '99999', DAXPLANE_DEMO: 'yes', DAXPLANE_LOG_LEVEL: 'loud' });
  for (const name of ['DAXPLANE_PORT', 'DAXPLANE_DEMO', 'DAXPLANE_LOG_LEVEL', '--demon'])
    expect(load).toThrow(name);
});

test('a variable of ours that is none is refused, one of others is not looked at', () => {
  expect(() => loadConfig([], { DAXPLANE_TOKENFILE: '/run/tokens', DAXPLANE_PORT: '0' })).toThrow(
    'DAXPLANE_TOKENFILE: unknown variable',
  );
  expect(loadConfig([], { OTEL_SERVICE_NAME: 'dax', PATH: '/bin' }).port).toBe(8080);
});
