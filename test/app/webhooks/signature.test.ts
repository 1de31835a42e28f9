import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { signatureHeaders } from '../../../src/app/webhooks/signature.ts';

const freshSecret = () => `whsec_${randomBytes(24).toString('base64')}`;

test('a message is signed as the public package verifies, by each secret', () => {
  const [secret, former] = [freshSecret(), freshSecret()];
  const body = '{"ä":1}';
  const bytes = Buffer.from(body);
  const headers = signatureHeaders({ id: 'm-1', at_ms: new Date().getTime(), body: bytes }, [secret, former]);
  for (const known of [secret, former])
    expect(new Webhook(known).verify(body, { ...headers })).toEqual({ ä: 1 });
  expect(() => new Webhook(freshSecret()).verify(body, { ...headers })).toThrow();
  expect(() => new Webhook(secret).verify(`${body} `, { ...headers })).toThrow();
});
