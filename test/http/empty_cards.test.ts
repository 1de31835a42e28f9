import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newHosts } from '../support/new_host.ts';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const newHost = newHosts(server);
const SIZE = 2 ** 33;
const CARD = { memdev: 'mem0', pmem_size: SIZE, ram_size: SIZE, serial: 1, host: '0000:0c:00.0' };
const OTHER = { memdev: 'mem1', ram_size: SIZE, serial: 2, host: '0000:0d:00.0' };
const region = (type: string, memdev = 'mem0') => ({
  region: 'region0',
  resource: 2 ** 37,
  size: SIZE,
  type,
  interleave_ways: 1,
  interleave_granularity: 256,
  decode_state: 'commit',
  mappings: [{ position: 0, memdev, decoder: 'decoder3.0' }],
});
const DAX = { chardev: 'dax7.0', size: SIZE, target_node: 1, align: 2 ** 21, mode: 'system-ram' };
const HMEM = { path: '/platform/hmem.7', id: 7, size: SIZE, align: 2 ** 21, devices: [DAX] };
const BUS = { provider: 'CXL', dev: 'ndbus0', dimms: [{ dev: 'nmem0', id: '1' }] };

async function withListings(...listings: readonly object[]): Promise<string> {
  const at = await newHost({ kernel: 'v6.12' });
  for (const listing of listings) await server.call('POST', `${at}/inventory`, [listing]);
  return at;
}

/** What the removal of mem0 answers, asked and done. */
async function removal(at: string): Promise<readonly [asked: Body, done: Body]> {
  const path = `${at}/cxl-memdevs/mem0/remove`;
  const body = { trigger: 'surprise_removal' };
  const asked = await server.call('POST', `${path}?dry_run=true`, body);
  const done = await server.call('POST', path, body, { prefer: 'wait=60' });
  return [asked, done] as unknown as readonly [Body, Body];
}

interface Body {
  readonly status: number;
  readonly json: {
    readonly removals?: readonly object[];
    readonly detail?: string;
    readonly unknown?: readonly { what: string; run: string }[];
  };
}

describe('[CX25] a card of which nothing is told that would go with it', () => {
  test.each([
    ['a card alone', [CARD], 'whether mem0 is in a region'],
    ['a region of RAM', [CARD, region('ram')], 'whether a device stands on region0 and goes with mem0'],
    ['a persistent region', [CARD, region('pmem')], 'whether a device stands on region0 and goes with mem0'],
  ])('of %s both answers say so, and what to run', async (_what, listings, what) => {
    for (const { status, json } of await removal(await withListings(...listings))) {
      expect([status, json.removals]).toEqual([200, []]);
      expect(json.unknown?.map((told) => told.what)).toEqual([expect.stringContaining(what)]);
      expect(json.unknown?.[0]?.run).toContain('daxctl list -R');
    }
  });

  test.each([
    [
      'a dax device elsewhere',
      [CARD, region('ram'), { ...HMEM, devices: [{ ...DAX, mappings: [at(2 ** 36)] }] }],
    ],
    ['the dimm of the card', [CARD, region('pmem'), BUS]],
    ['a region of another card', [CARD, OTHER, region('ram', 'mem1')]],
    ['that its region decodes nothing', [CARD, { ...region('ram'), decode_state: 'reset' }]],
  ])('where %s is told, neither says so', async (_what, listings) => {
    for (const { json } of await removal(await withListings(...listings))) {
      expect(json.removals).toEqual([]);
      expect(json.unknown).toBeUndefined();
    }
  });

  test('nor of a host that no listing tells', async () => {
    const host = await newHost({ kernel: 'v6.12' });
    const device = { name: 'dax0.0', mode: 'devdax', size: SIZE, provider: 'CXL' };
    await server.call('POST', `${host}/dax-devices`, device);
    await server.call(
      'POST',
      `${host}/dax-devices/dax0.0/remove`,
      { trigger: 'unbind' },
      { prefer: 'wait=60' },
    );
    await server.call('DELETE', `${host}/dax-devices/dax0.0`);
    for (const { json } of await removal(host)) expect(json.unknown).toBeUndefined();
  });
});

function at(start: number): object {
  return { page_offset: 0, start, end: start + SIZE - 1, size: SIZE };
}

describe('[CX21] memory that the firmware reserved, of which no listing shows the address', () => {
  test('may lie in the window of a card, and is not passed over', async () => {
    const [asked, done] = await removal(await withListings(CARD, region('ram'), HMEM));
    for (const { status, json } of [asked, done]) {
      expect([status, json]).toMatchObject([409, { code: 'outcome_unknown' }]);
      expect(json.detail).toMatch(/dax7\.0.*daxctl list -RM/);
    }
  });
});
