import type { TestServer } from '../support/server.ts';

type Make = (url: string, body: unknown, headers?: object) => Promise<{ readonly id: string }>;

/** What a scene has of webhooks, as it has of all else. */
interface WebhookScene {
  readonly there: Readonly<Record<string, string>>;
  readonly conflicts: Readonly<Record<string, readonly [string, unknown?]>>;
}

/** A webhook that is disabled, and a delivery to a name that nobody can have. */
export async function playWebhooks(server: Pick<TestServer, 'call'>, make: Make): Promise<WebhookScene> {
  const url = 'https://hooks.invalid/';
  const { id: webhook } = await make('/v1/webhooks', { url });
  const at = `/v1/webhooks/${webhook}`;
  const { id: delivery } = await make(`${at}/test`, {});
  await server.call('PATCH', at, { enabled: false });
  const never = {
    selector: { host: 'nobody' },
    action: { kind: 'close', at: 'before_effect' },
    remaining: 0,
  };
  const { id: rule } = await make('/v1/fault-rules', never);
  return {
    there: { webhook, delivery, rule },
    conflicts: {
      createWebhook: ['/v1/webhooks', { url, enabled: false }],
      createFaultRule: ['/v1/fault-rules', never],
      setClock: ['/v1/hosts/node-a/clock', { advance_ms: 1 }],
      testWebhook: [`${at}/test`, {}],
      redeliverWebhook: [`${at}/deliveries/${delivery}/redeliver`, {}],
    },
  };
}
