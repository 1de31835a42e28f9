import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveTopology } from '../support/server.ts';

const { server, topology } = serveTopology(beforeEach, afterEach);

const key = { 'idempotency-key': 'k' };

test('a body with its members in another order, or a value spelled otherwise, is the same request', async () => {
  const url = `${topology.at}/dax-devices`;
  const spellings = [
    '{"name":"dax1.0","mode":"devdax","size":"1GiB","labels":{"a":"1","b":"2"}}',
    '{"labels":{"b":"2","a":"1"},"size":1073741824,"mode":"devdax","name":"dax1.0"}',
    '{ "mode" : "devdax", "n\\u0061me": "dax1.0", "labels":{"\\u0062":"2","a":"1"}, "size":"1024MiB" }',
  ];
  const answers = [];
  for (const body of spellings) answers.push(await server.call('POST', url, body, key));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
  expect(answers.map(({ headers }) => headers['idempotency-replayed'])).toEqual([undefined, 'true', 'true']);
  expect(new Set(answers.map(({ json }) => json.uid)).size).toBe(1);
});

test('a path, a query and a default that are spelled otherwise are the same request', async () => {
  const first = await server.call(
    'DELETE',
    `${topology.at}/mounts/m2?lazy=true&dry_run=false`,
    undefined,
    key,
  );
  for (const query of ['dry_run=false&lazy=true', 'lazy=%74rue']) {
    const again = await server.call('DELETE', `/v1/hosts/node%2Da/mounts/m2?${query}`, undefined, key);
    expect([again.status, again.json, again.headers['idempotency-replayed']]).toEqual([
      first.status,
      first.json,
      'true',
    ]);
  }
  const reboot = { 'idempotency-key': 'r' };
  await server.call('POST', `${topology.at}/reboot`, {}, reboot);
  const bare = await server.call('POST', `${topology.at}/reboot`, undefined, reboot);
  expect([bare.status, bare.headers['idempotency-replayed']]).toEqual([200, 'true']);
});

test('another value, another order of an array, another parameter is another request', async () => {
  await server.call('DELETE', `${topology.at}/mounts/m2?lazy=true`, undefined, key);
  const other = await server.call('DELETE', `${topology.at}/mounts/m2`, undefined, key);
  expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused']);
  const asked = { host: 'node-a', dax_device: 'pmem0', trigger: 'unbind' };
  const kernels = { 'idempotency-key': 'c' };
  const compare = async (order: readonly string[]): Promise<number> =>
    (await server.call('POST', '/v1/comparisons', { ...asked, kernels: order }, kernels)).status;
  expect([await compare(['v5.10', 'v6.1']), await compare(['v6.1', 'v5.10'])]).toEqual([200, 422]);
});
