import * as z from 'zod';
import { WebhookTestMessage } from '../schemas/webhook_message.ts';
import { refTo, type OpenApiDocument, type Schema } from './schema.ts';

const SIGNED = `Signed as [Standard Webhooks](https://www.standardwebhooks.com) has it: verify with one of its libraries, by the secret of the webhook and the body as it came, before anything is read (\`new Webhook(secret).verify(rawBody, headers)\`). It is sent at least once: know a \`webhook-id\` that comes twice.`;

const header = (name: string, description: string, schema: Schema): object => ({
  ...{ name, in: 'header', required: true, description, schema },
});
const HEADERS = [
  header('webhook-id', 'Of this message, however often it is sent.', {
    ...{ type: 'string', minLength: 1, maxLength: 64, pattern: '^[\\x21-\\x7e]+$' },
  }),
  header('webhook-timestamp', 'When it is sent: seconds since 1970.', {
    ...{ type: 'string', maxLength: 16, pattern: '^[0-9]+$' },
  }),
  header(
    'webhook-signature',
    '`v1,` and the base64 of HMAC (SHA-256) of `id.timestamp.body`; for a day after a rotation one of each secret, with a space between.',
    { type: 'string', maxLength: 255, pattern: '^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$' },
  ),
];

const LATER =
  'With `Retry-After` (seconds, or an HTTP date; a day at most) nothing is sent to this webhook until then.';
const ANSWERS = {
  '2XX': { description: 'It is taken.' },
  '410': { description: 'Nothing more is wanted: the webhook is disabled.' },
  '429': { description: `Too much at a time. ${LATER}` },
  '503': { description: `Not now. ${LATER}` },
  default: { description: 'Not taken, redirects included: it is sent again, for about three days.' },
};

const message = (operationId: string, summary: string, description: string, schema: string): object => ({
  post: {
    operationId,
    tags: ['webhooks'],
    summary,
    description: `${description} ${SIGNED}`,
    security: [],
    parameters: HEADERS,
    requestBody: {
      required: true,
      content: { 'application/cloudevents+json': { schema: { $ref: refTo(schema) } } },
    },
    responses: ANSWERS,
  },
});

/** What receivers of webhooks are sent. Only a document of 3.1 has a place for it. */
export function describeMessages(document: OpenApiDocument): void {
  const { $schema: _dialect, ...test } = z.toJSONSchema(WebhookTestMessage) as Schema;
  document.components.schemas['WebhookTestMessage'] = test;
  document.webhooks = {
    event: message(
      'receiveEvent',
      'An event',
      'Of what the filters of the webhook let through.',
      'CloudEvent',
    ),
    test: message(
      'receiveTestMessage',
      'A test message',
      'As POST /v1/webhooks/{webhook}/test asks for it.',
      'WebhookTestMessage',
    ),
  };
}
