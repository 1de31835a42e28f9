import { expect, test } from 'vitest';
import { seedDemo } from '../../src/app/demo.ts';
import { DOCUMENT, exampleOf } from '../support/document.ts';
import { startTestServer, type Method } from '../support/server.ts';

/** Removals, exposures, hotplug events and snapshots have ids that are chosen anew in each demo fleet, which has no webhooks and no fault rules. */
const NOT_THERE: ReadonlySet<string> = new Set([
  ...['getRemoval', 'listRemovalSignals', 'getExposure', 'getHotplugEvent'],
  ...['getSnapshot', 'deleteSnapshot', 'restoreHost'],
  ...['getWebhook', 'patchWebhook', 'deleteWebhook', 'testWebhook'],
  ...['getFaultRule', 'patchFaultRule', 'deleteFaultRule'],
  ...['listWebhookDeliveries', 'getWebhookDelivery', 'redeliverWebhook'],
]);
/** What is bound or committed is not bound or committed again, a device in use is not deleted; two mounts stand on one place, what is not frozen does not thaw; daxctl sees no memory that has leaked. */
const REFUSED: ReadonlySet<string> = new Set([
  ...['bindDaxDevice', 'deleteDaxDevice', 'umount', 'clearErrors', 'thawMount'],
  ...['bindCxlMemdev', 'commitCxlRegion', 'bindCxlRegion', 'onlineMemory', 'offlineMemory'],
]);

test('the example of every mutation, and of every path, executes against a fresh demo fleet', async () => {
  const server = await startTestServer();
  try {
    await seedDemo(server.controlPlane);
    for (const [path, operations] of Object.entries(DOCUMENT.paths)) {
      for (const [method, { operationId, parameters = [], requestBody }] of Object.entries(operations)) {
        const named = parameters.filter((parameter) => parameter.in === 'path');
        if (method === 'get' && named.length === 0) continue;
        const at = named.reduce((url, { name, schema }) => {
          expect([operationId, name, exampleOf(schema)]).not.toContain(undefined);
          return url.replace(`{${name}}`, String(exampleOf(schema)));
        }, path);
        const schema = requestBody?.content['application/json']?.schema;
        const body = schema === undefined ? undefined : (exampleOf(schema) ?? {});
        const url = method === 'get' ? at : `${at}?dry_run=true`;
        const answer = await server.call(method.toUpperCase() as Method, url, body);
        const kind = NOT_THERE.has(operationId) ? 404 : REFUSED.has(operationId) ? 409 : 200;
        const got = answer.status < 300 ? 200 : answer.status;
        expect([operationId, got, answer.text.slice(0, 300)]).toEqual([operationId, kind, expect.anything()]);
      }
    }
  } finally {
    await server.close();
  }
});

test('the explorer has ids that are there, where the document has placeholders', async () => {
  const server = await startTestServer();
  const ask = async (...words: string[]): Promise<unknown[]> => {
    const { paths } = (await server.call('GET', '/docs/json')).json as unknown as typeof DOCUMENT;
    const answers = Object.entries(paths).map(async ([path, { get }]) => {
      if (get === undefined || !words.some((word) => path.includes(`{${word}}`))) return [];
      const named = get.parameters?.filter((parameter) => parameter.in === 'path') ?? [];
      const url = named.reduce(
        (at, { name, schema }) => at.replace(`{${name}}`, String(schema.example)),
        path,
      );
      return [[get.operationId, (await server.call('GET', url)).status]];
    });
    return (await Promise.all(answers)).flat();
  };
  try {
    expect(await ask('exposure')).toEqual([['getExposure', 404]]);
    await seedDemo(server.controlPlane);
    const event = { action: 'surprise_removal', dax_device: 'pmem1' };
    const recorded = await server.call('POST', '/v1/hosts/node-v6.1/hotplug-events', event);
    expect(recorded.status).toBe(201);
    expect((await ask('removal', 'exposure', 'event')).sort()).toEqual([
      ['getExposure', 200],
      ['getHotplugEvent', 200],
      ['getRemoval', 200],
      ['listRemovalSignals', 200],
    ]);
    expect(await server.call('GET', '/openapi.json')).toMatchObject({ json: DOCUMENT });
  } finally {
    await server.close();
  }
});
