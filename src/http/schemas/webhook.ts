import * as z from 'zod';
import { EVENT_TYPES } from '../../engine/model/event.ts';
import type * as service from '../../service/webhook.ts';
import { DELIVERY_STATES, DISABLED_REASONS, TEST_TYPE } from '../../service/webhook.ts';
import { Count, identity, Name, Text, Timestamp, withExample } from './scalar.ts';

const { uid, revision } = identity;
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

const Secret = z
  .string()
  .max(128)
  .refine(isSecret, { error: 'expected whsec_ and the base64 of 24 to 64 bytes' })
  .meta({ description: 'Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes.' });

/** In the one spelling that its bytes have: a receiver may compare texts. */
function isSecret(text: string): boolean {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  if (base64 === undefined) return false;
  const key = Buffer.from(base64, 'base64');
  const isLong = key.length >= SECRET_BYTES_MIN && key.length <= SECRET_BYTES_MAX;
  return isLong && key.toString('base64') === base64;
}

const Url = z.string().min(1).max(2048).meta({
  description:
    'http or https, without user and password. It is sent to public addresses only, as its name resolves with each attempt, unless DAXPLANE_WEBHOOK_TARGETS allows others. Redirects are not followed.',
});
const EventTypes = z
  .array(z.enum(EVENT_TYPES))
  .min(1)
  .max(EVENT_TYPES.length)
  .meta({ description: 'Only events of one of these types.' });
const Description = z.string().max(255);

/** What is asked for and shown alike: null, or absent, lets everything through. */
const filters = {
  types: EventTypes.nullable(),
  host: Name.nullable().meta({ description: 'Only events of this host.' }),
  dax_device: Name.nullable().meta({ description: 'Only events that concern a device of this name.' }),
  tenant: Text.nullable().meta({ description: 'Only events that concern this tenant.' }),
};
const fields = { url: Url, ...filters, description: Description.nullable(), enabled: z.boolean() };

export const Webhook = z
  .strictObject({
    id: z.string(),
    uid,
    revision,
    ...fields,
    disabled_reason: z.enum(DISABLED_REASONS).nullable().meta({
      description:
        '`requested`; `gone`: the receiver answered 410; `failing`: nothing but failures for DAXPLANE_WEBHOOK_DISABLE_DAYS. Enabled again it goes on where it stopped.',
    }),
    created_at: Timestamp,
    failing_since: Timestamp.nullable().meta({ description: 'null where the last attempt succeeded.' }),
    former_secret_until: Timestamp.nullable().meta({
      description: 'Until then a message is signed by the former secret, too.',
    }),
    counters: z.strictObject({
      pending: Count,
      delivered: Count,
      failed: Count.meta({ description: 'Given up, after all tries.' }),
      missed_events: Count.meta({
        description: 'Events that the journal dropped while the webhook was disabled, of whatever kind.',
      }),
    }),
  })
  .meta({
    id: 'Webhook',
    description: 'A receiver that is sent events.',
  }) satisfies z.ZodType<service.Webhook>;

export const CreatedWebhook = Webhook.extend({
  secret: Secret.meta({ description: 'By which messages are signed. Shown here and never again.' }),
}).meta({ id: 'CreatedWebhook', description: 'A webhook and its secret.' });

export const ChangedWebhook = Webhook.extend({
  secret: Secret.exactOptional().meta({ description: 'The new secret, where it was rotated.' }),
}).meta({ id: 'ChangedWebhook', description: 'A webhook and, where it is new, its secret.' });

export const CreateWebhook = z
  .strictObject({
    url: Url,
    types: filters.types.exactOptional(),
    host: filters.host.exactOptional(),
    dax_device: filters.dax_device.exactOptional(),
    tenant: filters.tenant.exactOptional(),
    description: fields.description.exactOptional(),
    enabled: fields.enabled.exactOptional(),
    secret: Secret.exactOptional(),
  })
  .meta({
    id: 'CreateWebhook',
    override: withExample({ url: 'https://hooks.example/daxplane', types: ['removal_completed'] }),
  });

export const PatchWebhook = z
  .strictObject({
    url: Url.exactOptional(),
    types: filters.types.exactOptional(),
    host: filters.host.exactOptional(),
    dax_device: filters.dax_device.exactOptional(),
    tenant: filters.tenant.exactOptional(),
    description: fields.description.exactOptional(),
    enabled: fields.enabled.exactOptional(),
    rotate_secret: z
      .union([z.literal(true), Secret], { error: 'expected true, or a secret' })
      .exactOptional()
      .meta({ description: '`true` makes a new secret. Messages are signed by both for a day.' }),
  })
  .meta({ id: 'PatchWebhook', override: withExample({ description: 'the dashboard' }) });

const Attempt = z
  .strictObject({
    at: Timestamp,
    status: z.int().nullable().meta({ description: 'Of the answer; null where there was none.' }),
    error: z.string().nullable().meta({ description: 'Why there was no answer.' }),
    duration_ms: Count,
  })
  .meta({ id: 'WebhookAttempt', description: 'One attempt to deliver a message.' });

export const Delivery = z
  .strictObject({
    id: z.string().meta({ description: 'The `webhook-id` of the message: the same each time it is sent.' }),
    uid,
    webhook: z.string(),
    event_seq: Count.nullable().meta({ description: 'null of a test message.' }),
    event_id: z.string(),
    type: z.enum([...EVENT_TYPES, TEST_TYPE]),
    state: z.enum(DELIVERY_STATES),
    attempts: z.array(Attempt).meta({ description: 'The last 20, oldest first.' }),
    next_attempt_at: Timestamp.nullable(),
    created_at: Timestamp,
  })
  .meta({
    id: 'WebhookDelivery',
    description: 'A message to a webhook.',
  }) satisfies z.ZodType<service.Delivery>;

export const deliveryFilters = { state: z.enum(DELIVERY_STATES).exactOptional() };
