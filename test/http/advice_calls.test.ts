import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callOf } from '../../src/http/call.ts';
import { Call } from '../../src/http/schemas/call.ts';
import { makeTopology, serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const WAIT = { prefer: 'wait=60' };

interface Told {
  readonly action: string;
  readonly verdict_then: string | null;
  readonly calls: readonly (typeof Call)['_zod']['output'][] | null;
}

/** The advice of the holders, which the assessment has, too. */
async function advised(host: string): Promise<readonly Told[]> {
  const [holders, assessment] = await Promise.all([
    server.call('GET', `/v1/hosts/${host}/dax-devices/pmem0/holders`),
    server.call('GET', `/v1/assessment?host=${host}&dax_device=pmem0`),
  ]);
  const advice = holders.json['advice'] as readonly Told[];
  const [first] = assessment.json.items[0]!['advice'] as readonly Told[];
  expect(first?.calls).toEqual(advice[0]?.calls);
  return advice;
}

/** Asks for the calls, as they are. */
async function follow({ calls }: Told): Promise<void> {
  for (const { method, path, body } of calls!) {
    const { status, text } = await server.call(method, path, body ?? undefined, WAIT);
    expect([path, status < 300, text]).toEqual([path, true, text]);
  }
}

const residue = async (host: string): Promise<unknown> =>
  (await server.call('GET', `/v1/hosts/${host}/dax-devices/pmem0/holders`)).json['residue'];

const NOTHING = { mappings: 0, pins: 0, processes: 0, pages: 0, exposures: 0, superblocks: 0 };

describe('[ADV14] the calls of an advice are requests', () => {
  test.each([
    ['v6.12', 'unbind', 'clean_up'],
    ['v6.12', 'surprise_removal', 'clean_up'],
    ['v7.3', 'unbind', 'reboot'],
  ])('that clean up on %s after %s by %s', async (kernel, trigger, action) => {
    const host = `${kernel}-${trigger}`.replaceAll('_', '-');
    await makeTopology(server, host, kernel);
    await server.call('POST', `/v1/hosts/${host}/dax-devices/pmem0/remove`, { trigger }, WAIT);
    const [first] = await advised(host);
    expect(first!.action).toBe(action);
    await follow(first!);
    expect([await residue(host), await advised(host)]).toEqual([NOTHING, []]);
  });

  test('that lead a removal to the end that is told', async () => {
    await makeTopology(server, 'node-a', 'v6.12');
    const [first] = await advised('node-a');
    expect(first).toMatchObject({ action: 'stop_processes_and_umount', verdict_then: 'contained' });
    await follow(first!);
    const remove = '/v1/hosts/node-a/dax-devices/pmem0/remove';
    const { json } = await server.call('POST', remove, { trigger: 'unbind' }, WAIT);
    expect(json).toMatchObject({ state: 'completed', verdict: 'contained' });
  });

  test('and in a comparison, where the removal is one', async () => {
    await makeTopology(server, 'node-b', 'v6.12');
    const body = { host: 'node-b', dax_device: 'pmem0', trigger: 'unbind', kernels: ['v6.12'] };
    const { json } = await server.call('POST', '/v1/comparisons', body);
    expect(json.items[0]!['advice']).toEqual(await advised('node-b'));
  });
});

test('[ADV14] a command is one request, on its host', () => {
  const of = (command: Parameters<typeof callOf>[1]) => Call.parse(callOf('a b', command));
  expect(of({ type: 'thaw', mount: 'm2' })).toEqual({
    method: 'POST',
    path: '/v1/hosts/a%20b/mounts/m2/thaw',
    body: {},
  });
  expect(of({ type: 'patch_host', sysctl: { memory_failure_early_kill: 1 } })).toEqual({
    method: 'PATCH',
    path: '/v1/hosts/a%20b',
    body: { sysctl: { memory_failure_early_kill: 1 } },
  });
});
