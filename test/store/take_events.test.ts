import { expect, test } from 'vitest';
import type { ServiceCommand, TakenEvents } from '../../src/service/command.ts';
import type { Submitted } from '../../src/store/port.ts';
import type { Webhook } from '../../src/service/webhook.ts';
import { memoryWriter } from './support/memory_writer.ts';

const FIELDS = {
  ...{ url: 'https://hooks.example/', types: null, host: null, dax_device: null, tenant: null },
  ...{ description: null, enabled: true },
};

/** A writer with so many webhooks, and so many events behind their cursors. */
function writer(webhooks: number, events: number) {
  const { transact } = memoryWriter();
  const service = (command: ServiceCommand): unknown => {
    const [settled] = transact([{ host: '', service: { command } }]).settled;
    const { submitted } = settled as { readonly submitted: Submitted<unknown> };
    if (submitted.status !== 'done') throw new Error(JSON.stringify(submitted));
    return submitted.answer;
  };
  const ids = Array.from(
    { length: webhooks },
    () => (service({ type: 'create_webhook', fields: FIELDS, secret: null }) as Webhook).id,
  );
  for (let at = 0; at < events; at += 1) {
    const name = `h${String(at)}`;
    transact([{ host: name, command: { type: 'create_host', name, kernel: 'v6.12' } }]);
  }
  const take = (from: ReadonlyMap<string, number>) =>
    service({
      type: 'take_events',
      from: [...from].map(([webhook, after]) => ({ webhook, after })),
    }) as readonly (TakenEvents | null)[];
  return { ids, take };
}

test('one go looks at 500 events for all, in equal shares, and says who has more', () => {
  const { ids, take } = writer(4, 150);
  const from = new Map(ids.map((id) => [id, 0]));
  expect(take(from)).toEqual(ids.map(() => ({ cursor: 125, taken: 125, missed: 0, is_more: true })));
  const [first, ...more] = ids;
  expect(take(new Map([[first!, 125]]))).toEqual([{ cursor: 150, taken: 25, missed: 0, is_more: false }]);
  expect(take(new Map(more.map((id) => [id, 125])))).toMatchObject(more.map(() => ({ taken: 25 })));
});

test('what is taken is told in order of the question, and null of whom there is not', () => {
  const { ids, take } = writer(2, 3);
  const [a = '', b = ''] = ids;
  const asked = new Map([
    [b, 2],
    ['none', 0],
    [a, 0],
  ]);
  expect(take(asked)).toMatchObject([{ taken: 1 }, null, { taken: 3 }]);
});
