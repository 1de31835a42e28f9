import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const HOST = '/v1/hosts/h';
const DEVICE = `${HOST}/dax-devices/dax6.0`;
const LISTED = [{ chardev: 'dax6.0', size: 536870912, target_node: 0, align: 2097152, mode: 'famfs' }];

test('[IMP45] a device in a mode that is not modelled is listed, exported, and refuses what depends on its mode', async () => {
  await server.call('POST', '/v1/hosts', { name: 'h', kernel: 'v7.3' });
  const imported = await server.call('POST', `${HOST}/inventory`, LISTED);
  expect(imported).toMatchObject({
    status: 200,
    json: {
      devices: [{ name: 'dax6.0', change: 'created' }],
      skipped: [{ name: 'dax6.0', reason: 'unknown mode' }],
    },
  });
  const shown = { mode: 'unknown', mode_as_listed: 'famfs', driver: null, size: 536870912 };
  expect((await server.call('GET', DEVICE)).json).toMatchObject(shown);
  const found = await server.call('GET', `${HOST}/dax-devices?mode=unknown`);
  expect(found.json).toMatchObject({ items: [shown] });
  const exported = await server.call('GET', `${HOST}/inventory?format=daxctl`);
  expect(JSON.parse(exported.text)).toEqual([{ id: 6, devices: LISTED }]);
  const again = await server.call('POST', `${HOST}/inventory`, LISTED);
  expect(again.json).toMatchObject({ devices: [{ change: 'unchanged' }] });

  const removal = await server.call('POST', `${DEVICE}/remove`, { trigger: 'unbind' });
  expect(removal.json).toMatchObject({ code: 'outcome_unknown' });
  expect(removal.text).toContain('famfs');
  expect((await server.call('GET', `${DEVICE}/holders`)).status).toBe(200);
  const made = await server.call('POST', `${HOST}/dax-devices`, {
    name: 'dax7.0',
    mode: 'unknown',
    size: '1GiB',
  });
  expect(made).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
  const bound = await server.call('POST', `${DEVICE}/bind`, { mode: 'unknown' });
  expect(bound).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
});
