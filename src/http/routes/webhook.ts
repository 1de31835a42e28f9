import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { definedOnly } from '../../engine/model/defined_only.ts';
import { refuse } from '../../engine/model/refusal.ts';
import type {
  Delivery as DeliveryRecord,
  DeliveryState,
  Webhook as WebhookRecord,
} from '../../service/webhook.ts';
import type { Backend } from '../backend.ts';
import { contentTag } from '../etag.ts';
import { changed, created, deleted, locate, type AnswerKind } from '../mutate.ts';
import { jsonResponse, RESPONSE_HEADERS } from '../operation.ts';
import { RefusalProblem } from '../problem.ts';
import { readTagged } from '../read.ts';
import { Empty } from '../schemas/empty.ts';
import { DeliveryPath, WebhookPath } from '../schemas/path.ts';
import {
  ChangedWebhook,
  CreatedWebhook,
  CreateWebhook,
  Delivery,
  deliveryFilters,
  PatchWebhook,
  Webhook,
} from '../schemas/webhook.ts';
import { serviceListRoute, serviceRoute, tagged } from '../service_route.ts';

const tag = 'webhooks';
const url = '/v1/webhooks';
const one = `${url}/:webhook`;

/** /v1/webhooks and their deliveries. */
export function webhookRoutes(app: FastifyInstance, backend: Backend): void {
  const { service } = backend;
  serviceListRoute(app, {
    ...{ id: 'listWebhooks', tag, summary: 'List webhooks', url, item: Webhook },
    load: (_asked, page) => service.webhooks(page),
  });
  readTagged(app, {
    ...{ id: 'getWebhook', tag, summary: 'Get a webhook', url: one, params: WebhookPath, schema: Webhook },
    load: async ({ webhook }) => tagged(await loadWebhook(backend, webhook)),
  });
  changes(app, backend);
  deliveries(app, backend);
}

function changes(app: FastifyInstance, backend: Backend): void {
  serviceRoute<'create_webhook', z.ZodObject, typeof CreateWebhook>(app, backend, {
    ...{ id: 'createWebhook', tag, summary: 'Create a webhook', method: 'POST', url },
    description:
      'It is sent the events behind its creation, each at least once, in no order: the seq is in them. An attempt has 15 s; only 2xx is success. Failed ones are made again after 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, a fifth more or less; Retry-After of 429 and 503 makes that longer, up to a day. 410 disables it at once. 409 `limit_reached` where there are 100.',
    params: z.strictObject({}),
    body: CreateWebhook,
    command: ({ body: { secret = null, ...body } }) => ({
      ...{ type: 'create_webhook', secret },
      fields: {
        ...{ types: null, host: null, dax_device: null, tenant: null, description: null, enabled: true },
        ...body,
      },
    }),
    answer: created(CreatedWebhook),
  });
  serviceRoute<'patch_webhook', typeof WebhookPath, typeof PatchWebhook>(app, backend, {
    ...{ id: 'patchWebhook', tag, summary: 'Change a webhook', method: 'PATCH', url: one, target: true },
    description:
      'Members that are absent stay. What is pending goes to the new URL, at once. Enabled again it goes on where it stopped, as far as the journal goes back.',
    refuses: [],
    params: WebhookPath,
    body: PatchWebhook,
    command: ({ params: { webhook }, body: { rotate_secret, ...fields } }) => ({
      ...{ type: 'patch_webhook', webhook, fields },
      ...(rotate_secret === undefined
        ? {}
        : { rotation: { secret: rotate_secret === true ? null : rotate_secret } }),
    }),
    answer: changed(ChangedWebhook),
  });
  serviceRoute<'delete_webhook', typeof WebhookPath, z.ZodType>(app, backend, {
    ...{ id: 'deleteWebhook', tag, summary: 'Delete a webhook', method: 'DELETE', url: one, target: true },
    description: 'Its deliveries go with it; an attempt that is under way ends.',
    refuses: [],
    params: WebhookPath,
    command: ({ params: { webhook } }) => ({ type: 'delete_webhook', webhook }),
    answer: deleted,
  });
}

function deliveries(app: FastifyInstance, backend: Backend): void {
  serviceListRoute(app, {
    ...{ id: 'listWebhookDeliveries', tag, summary: 'List the deliveries of a webhook', item: Delivery },
    description:
      'Those that have ended are kept for seven days, and the newest 2 000 of a webhook; at most 1 000 are pending: what comes behind them waits in the journal.',
    url: `${one}/deliveries`,
    params: WebhookPath,
    filters: deliveryFilters,
    load: async ({ params: { webhook }, query: { state } }, page) => {
      await loadWebhook(backend, webhook);
      return backend.service.deliveries({
        ...{ webhook, ...page },
        ...definedOnly({ state: state as DeliveryState | undefined }),
      });
    },
  });
  readTagged(app, {
    ...{ id: 'getWebhookDelivery', tag, summary: 'Get a delivery', url: `${one}/deliveries/:delivery` },
    ...{ params: DeliveryPath, schema: Delivery },
    load: async ({ webhook, delivery }) => {
      const body = await loadDelivery(backend, webhook, delivery);
      return { body, etag: contentTag(body) };
    },
  });
  serviceRoute<'redeliver', typeof DeliveryPath, typeof Empty>(app, backend, {
    ...{ id: 'redeliverWebhook', tag, summary: 'Send a delivery again', method: 'POST' },
    description:
      'At once, and then by the schedule from its beginning, under the same `webhook-id`. 409 `event_not_kept` where the journal has dropped its event.',
    url: `${one}/deliveries/:delivery/redeliver`,
    params: DeliveryPath,
    body: Empty,
    command: ({ params: { webhook, delivery } }) => ({ type: 'redeliver', webhook, delivery }),
    answer: accepted((path) => path.replace(/\/redeliver$/, '')),
  });
  serviceRoute<'test_webhook', typeof WebhookPath, typeof Empty>(app, backend, {
    ...{ id: 'testWebhook', tag, summary: 'Send a test message', method: 'POST', url: `${one}/test` },
    description:
      'Of the type `webhook_test`, and of no event. 409 `limit_reached` where 2 000 are pending, `webhook_disabled` where it is.',
    params: WebhookPath,
    body: Empty,
    command: ({ params: { webhook } }) => ({ type: 'test_webhook', webhook }),
    answer: accepted((path, { id }) => path.replace(/test$/, `deliveries/${id}`)),
  });
}

/** 202 with the delivery that will be sent, and where it is found. */
function accepted(
  locationOf: (path: string, delivery: DeliveryRecord) => string,
): AnswerKind<DeliveryRecord> {
  const headers = { ...RESPONSE_HEADERS.location, ...RESPONSE_HEADERS.mutation };
  return {
    responses: { 202: jsonResponse('It will be sent, as the record tells.', Delivery, headers) },
    send: (reply, { answer }, path) => {
      locate(reply, locationOf(path, answer));
      return reply.code(202).send(answer);
    },
  };
}

async function loadWebhook({ service }: Backend, id: string): Promise<WebhookRecord> {
  const webhook = await service.webhook(id);
  if (webhook === null) throw new RefusalProblem(refuse('webhook_not_found', `there is no webhook ${id}`));
  return webhook;
}

async function loadDelivery(backend: Backend, webhook: string, id: string): Promise<DeliveryRecord> {
  const delivery = await backend.service.delivery(webhook, id);
  if (delivery !== null) return delivery;
  await loadWebhook(backend, webhook);
  throw new RefusalProblem(refuse('delivery_not_found', `the webhook ${webhook} has no delivery ${id}`));
}
