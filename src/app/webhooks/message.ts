import { LRUCache } from 'lru-cache';
import type { Store } from '../../store/port.ts';
import { TEST_TYPE, type DueDelivery } from '../../service/webhook.ts';
import { cloudEventText } from '../cloud_event.ts';
import type { TurnQueue } from '../event_loop_turns.ts';

/** The body of a message: the event as the journal has it; null where it is kept no more. */
export type BodyOf = (webhook: string, due: DueDelivery) => Promise<Buffer | null>;

/** Of the bodies that are kept for whoever is sent them next; each is megabytes at most. */
const KEPT_BYTES_MAX = 16 * 2 ** 20;

/** Makes the body of an event once for all whom it is sent to at about the same time. */
export function createBodies(
  store: Pick<Store, 'events'>,
  inTurn: TurnQueue,
  kept_bytes_max = KEPT_BYTES_MAX,
): BodyOf {
  const read = async (seq: number): Promise<Buffer | null> => {
    const { items } = await store.events({ after: seq - 1, limit: 1 });
    const [event] = items;
    return event?.seq === seq ? inTurn(() => Buffer.from(cloudEventText(event))) : null;
  };
  const bodies = new LRUCache<number, { readonly bytes: Buffer | null }>({
    maxSize: kept_bytes_max,
    sizeCalculation: ({ bytes }) => bytes?.length ?? 1,
    fetchMethod: async (seq) => ({ bytes: await read(seq) }),
    // One that others have pushed out before it was made is that of those who wait for it all the same.
    ignoreFetchAbort: true,
  });
  return async (webhook, due) => {
    if (due.event_seq === null) return Buffer.from(testMessage(webhook, due));
    return (await bodies.forceFetch(due.event_seq)).bytes;
  };
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
