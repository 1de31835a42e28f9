import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve, type TestAnswer } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
/** Nobody is sent anything: disabled. */
const HOOK = { url: 'https://hooks.invalid/in', enabled: false };
const create = (more: object = {}, headers = {}): Promise<TestAnswer> =>
  server.call('POST', '/v1/webhooks', { ...HOOK, ...more }, headers);

describe('the secret of a webhook', () => {
  test('[HOOK2] is shown at its creation and its rotation, and never again', async () => {
    const { json, headers } = await create({ secret: SECRET });
    expect(json['secret']).toBe(SECRET);
    const at = headers['location'] ?? '';
    const rotated = await server.call('PATCH', at, { rotate_secret: true });
    expect(rotated.json['secret']).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const patched = await server.call('PATCH', at, { description: 'mine' });
    const seen = [patched, await server.call('GET', at), await server.call('GET', '/v1/webhooks')];
    for (const { text } of [...seen, await server.call('GET', '/v1/events')])
      expect(text).not.toContain('whsec_');
  });

  test('is the same for the same key', async () => {
    const key = { 'idempotency-key': 'once' };
    const [first, again] = [await create({}, key), await create({}, key)];
    expect([again.headers['idempotency-replayed'], again.json]).toEqual(['true', first.json]);
  });

  test.each([
    '',
    'whsec_',
    SECRET.slice(6),
    `whsec_${'A'.repeat(30)}`,
    `whsec_${'A'.repeat(88)}`,
    `${SECRET} `,
  ])('is not %j', async (secret) => {
    const { status, json } = await create({ secret });
    expect([status, json.errors[0]?.pointer]).toEqual([400, '/secret']);
  });
});

describe('a webhook', () => {
  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://[::ffff:10.0.0.1]/',
    'http://169.254.169.254/latest',
    'http://localhost:8080/',
    'ftp://hooks.invalid/',
    'https://user:pass@hooks.invalid/',
    'https://@hooks.invalid/',
    'https://a..invalid/',
    'hooks.invalid',
  ])('goes not to %s, neither at first nor later', async (url) => {
    const { headers } = await create();
    for (const answer of [
      await create({ url }),
      await server.call('PATCH', headers['location'] ?? '', { url }),
    ])
      expect([answer.status, answer.json.code, answer.json.errors[0]?.pointer]).toEqual([
        400,
        'invalid_field',
        '/url',
      ]);
  });

  test.each([
    [{ types: [] }, '/types'],
    [{ types: ['nothing'] }, '/types/0'],
    [{ host: 'a/b' }, '/host'],
    [{ enabled: 'yes' }, '/enabled'],
    [{ url: `https://hooks.invalid/${'x'.repeat(2_048)}` }, '/url'],
    [{ more: 1 }, '/more'],
  ])('does not take %j', async (wrong, pointer) => {
    const { status, json } = await create(wrong);
    expect([status, json.errors[0]?.pointer]).toEqual([400, pointer]);
  });

  test('changes what is told, and its tag with it', async () => {
    const { headers, json } = await create({ types: ['host_created'], tenant: 'blue' });
    const at = headers['location'] ?? '';
    const before = (await server.call('GET', at)).headers['etag'] ?? '';
    const patched = await server.call('PATCH', at, { types: null, enabled: false }, { 'if-match': before });
    expect(patched.json).toMatchObject({
      types: null,
      tenant: 'blue',
      disabled_reason: 'requested',
      revision: 2,
    });
    const late = await server.call('PATCH', at, { tenant: null }, { 'if-match': before });
    expect([late.status, json.revision]).toEqual([412, 1]);
    expect((await server.call('DELETE', at, undefined, { 'if-match': before })).status).toBe(412);
    expect((await server.call('DELETE', at)).status).toBe(204);
    for (const path of [at, `${at}/deliveries`, `${at}/deliveries/x`])
      expect([path, (await server.call('GET', path)).json.code]).toEqual([path, 'webhook_not_found']);
  });

  test('is not there after a dry run, and a page of them goes on where the last ended', async () => {
    const count = async () => (await server.call('GET', '/v1/webhooks?limit=500')).json.items.length;
    const before = await count();
    const dry = await server.call('POST', '/v1/webhooks?dry_run=true', HOOK);
    expect([dry.status, dry.headers['location'], await count()]).toEqual([201, undefined, before]);
    const first = await server.call('GET', '/v1/webhooks?limit=1');
    const token = first.json.next_page ?? '';
    const next = await server.call('GET', `/v1/webhooks?limit=1&page_token=${token}`);
    expect(next.json.items[0]?.id).not.toBe(first.json.items[0]?.id);
    const elsewhere = await server.call('GET', `/v1/fault-rules?page_token=${token}`);
    expect([elsewhere.status, elsewhere.json.errors[0]?.pointer]).toEqual([400, '/page_token']);
  });
});
