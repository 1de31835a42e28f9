import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ServiceCommand } from '../../../src/service/command.ts';
import type { Store } from '../../../src/store/port.ts';
import { openFreshStore } from '../../support/local_store.ts';
import { startReceiver, type Receiver } from '../../support/receiver.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';

let receiver: Receiver;
let server: TestServer;
/** Of each command: for how many webhooks. */
let taken: number[];
beforeEach(async () => {
  receiver = await startReceiver();
  taken = [];
  const store = await openFreshStore();
  const submit: Store['service']['submit'] = async (submission) => {
    const command: ServiceCommand = submission.command;
    if (command.type === 'take_events') taken.push(command.from.length);
    return store.service.submit(submission);
  };
  server = await startTestServer({
    store: { ...store, service: { ...store.service, submit } },
    webhooks: { targets: ['127.0.0.1'] },
  });
});
afterEach(async () => {
  await receiver.close();
  await server.close();
});

test('the events of a commit are taken for all webhooks by one command', async () => {
  for (let n = 0; n < 100; n += 1) await server.call('POST', '/v1/webhooks', { url: receiver.url });
  expect(taken).toEqual([]);
  await server.call('POST', '/v1/hosts', { name: 'node-a', kernel: 'v6.12' });
  await until(
    () => receiver.received,
    ({ length }) => length === 100,
  );
  expect(taken).toEqual([100]);
});
