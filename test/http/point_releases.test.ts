import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestBody, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

const HOST = '/v1/hosts/h';
const DEVICE = `${HOST}/dax-devices/dax0.0`;

async function must(method: 'GET' | 'POST' | 'PATCH', url: string, body?: object): Promise<TestBody> {
  const { status, text, json } = await server.call(method, url, body, { prefer: 'wait=60' });
  if (status >= 300) throw new Error(`${method} ${url}: ${text}`);
  return json;
}

/** A process whose policy names the node of a device of system RAM, of which no block is online any more. */
async function nodeWithoutMemory(kernel_release: string): Promise<string> {
  await must('POST', '/v1/hosts', { name: 'h', kernel_release, auto_online_blocks: 'offline' });
  const place = { size: '1GiB', phys_addr: '0x100000000', target_node: 1 };
  await must('POST', `${HOST}/dax-devices`, { name: 'dax0.0', mode: 'devdax', ...place });
  await must('POST', `${DEVICE}/remove`, { trigger: 'unbind' });
  await must('POST', `${DEVICE}/bind`, { mode: 'system-ram' });
  await must('PATCH', `${DEVICE}/memory-blocks/32`, { state: 'online_movable' });
  await must('POST', `${HOST}/processes`, { pid: 42, comm: 'redis' });
  const how = { offset: 0, length: '4MiB', flags: ['private'], prot: 'rw' };
  const { id } = await must('POST', `${HOST}/mappings`, { pid: 42, dax_device: 'dax0.0', ...how });
  await must('PATCH', `${DEVICE}/memory-blocks/32`, { state: 'offline' });
  return id;
}

/** What storing into a page that is not there comes to, and the facts that it depends on with their values. */
async function stored(mapping: string): Promise<unknown[]> {
  const store = { offset: 0, length: 4096, kind: 'write' };
  const { status, json } = await server.call('POST', `${HOST}/mappings/${mapping}/access`, store);
  const told = (json['depends_on'] ?? []) as { fact: string; values: { value: string }[] }[];
  return [status, json.code, told.map(({ fact, values }) => [fact, values.map(({ value }) => value)])];
}

async function factOf(fact: string): Promise<unknown> {
  const { facts } = (await must('GET', `${HOST}/kernel`)) as TestBody & {
    facts: { fact: string; status: string; values: unknown[] }[];
  };
  const { status, values } = facts.find((each) => each.fact === fact)!;
  return [status, values];
}

describe('point releases of 6.6, from that on which two fixes may be in', () => {
  const POLICY = 'kmem.policy_follows_memory';

  test('[KREL4] 6.6.57 has not the one, and perhaps the other', async () => {
    const mapping = await nodeWithoutMemory('6.6.57');
    expect(await factOf(POLICY)).toEqual(['read', [false]]);
    expect(await factOf('ext4_error_sets_rdonly')).toEqual(['unknown', [true, false]]);
    expect(await stored(mapping)).toEqual([409, 'outcome_unknown', []]);
  });

  test('[UNK8] on 6.6.60 it is open whether the page comes from another node, and nothing is done', async () => {
    const mapping = await nodeWithoutMemory('6.6.60');
    expect(await factOf(POLICY)).toEqual(['unknown', [false, true]]);
    const before = (await must('GET', '/v1/events')).as_of;
    expect(await stored(mapping)).toEqual([409, 'undetermined', [[POLICY, ['false', 'true']]]]);
    expect((await must('GET', '/v1/events')).as_of).toBe(before);
  });

  test('[KREL4] before them neither is open', async () => {
    await must('POST', '/v1/hosts', { name: 'h', kernel_release: '6.6.56' });
    expect(await factOf(POLICY)).toEqual(['read', [false]]);
    expect(await factOf('ext4_error_sets_rdonly')).toEqual(['read', [true]]);
  });
});
