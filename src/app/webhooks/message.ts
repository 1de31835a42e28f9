import type { Store } from '../../store/port.ts';
import { TEST_TYPE, type DueDelivery } from '../../service/webhook.ts';
import { cloudEventText } from '../cloud_event.ts';

/** The body of a message: the event as the journal has it; null where it is kept no more. */
export async function messageOf(store: Store, webhook: string, due: DueDelivery): Promise<string | null> {
  const { event_seq } = due;
  if (event_seq === null) return testMessage(webhook, due);
  const { items } = await store.events({ after: event_seq - 1, limit: 1 });
  const [event] = items;
  return event?.seq === event_seq ? cloudEventText(event) : null;
}

/** As the others, but of no event: it has no sequence. */
function testMessage(webhook: string, { id, created_at }: DueDelivery): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: '/v1/webhooks',
    type: TEST_TYPE,
    subject: `webhooks/${webhook}`,
    time: created_at,
    datacontenttype: 'application/json',
    data: {},
  });
}
