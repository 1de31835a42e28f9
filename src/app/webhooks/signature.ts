import { createHmac } from 'node:crypto';

/** Before the base64 of a secret. */
const PREFIX = 'whsec_';

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64');
}

/** What is sent, when, and under which id: the same each time that it is. */
interface Message {
  readonly id: string;
  readonly at_ms: number;
  readonly body: Buffer;
}

/** The headers that say who sent a message, by each of the secrets. Source: Standard Webhooks, symmetric signatures. */
export function signatureHeaders(
  { id, at_ms, body }: Message,
  secrets: readonly string[],
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at_ms / 1000));
  const sign = (secret: string): string =>
    `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map(sign).join(' '),
  };
}
