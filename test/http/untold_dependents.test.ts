import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const GIB = 2 ** 30;
const MEMDEV = { memdev: 'mem0', ram_size: 8 * GIB, serial: 7, host: '0000:0d:00.0' };
const DAX = { chardev: 'dax0.0', size: 4 * GIB, target_node: 1, mode: 'devdax' };
const REGION = { region: 'region0', resource: 64 * GIB, size: 4 * GIB, type: 'ram', interleave_ways: 1 };
const TARGET = { position: 0, memdev: 'mem0', decoder: 'decoder2.0' };
const FULL = { ...REGION, mappings: [TARGET] };
const [START, END] = [128 * GIB, 132 * GIB - 1];
const ELSEWHERE = { ...DAX, mappings: [{ page_offset: 0, start: START, end: END, size: 4 * GIB }] };

const LOOSE = { ...DAX, size: 6 * GIB };
const PROVIDED = {
  provider: 'CXL',
  dev: 'ndbus0',
  regions: [
    {
      dev: 'region9',
      size: 2 * GIB,
      type: 'pmem',
      namespaces: [{ dev: 'namespace9.0', mode: 'fsdax', map: 'dev', size: GIB, blockdev: 'pmem9' }],
    },
  ],
};

/** A host of which these listings tell. */
async function hostOf(name: string, listings: readonly object[]): Promise<string> {
  const host = `/v1/hosts/${name}`;
  await server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });
  for (const listing of listings) {
    expect((await server.call('POST', `${host}/inventory`, JSON.stringify([listing]))).status).toBe(200);
  }
  return host;
}

interface Unknown {
  readonly what: string;
  readonly run: string;
}

/** What is said not to be told, beside an answer. */
function unknownIn(answer: unknown): readonly Unknown[] | undefined {
  return (answer as { readonly unknown?: readonly Unknown[] }).unknown;
}

/** The act is refused with what is unknown, and its dry run in the same words. */
async function isUnknown(at: string, body: object, named: string): Promise<void> {
  const details: unknown[] = [];
  for (const url of [`${at}?dry_run=true`, at]) {
    const refused = await server.call('POST', url, body, { prefer: 'wait=5' });
    expect(refused).toMatchObject({ status: 409, json: { code: 'outcome_unknown' } });
    details.push(refused.json['detail']);
  }
  const [dry, act] = details;
  expect(dry).toBe(act);
  expect(act).toMatch(new RegExp(`^unknown: .*${named}.*: import .*daxctl list -R`));
}

test.each([
  ['no region of the card is known', 'dax0.0', [MEMDEV, DAX]],
  ['the region does not show its targets', 'region0', [MEMDEV, REGION, DAX]],
  ['its number contradicts its size', 'dax0.0', [MEMDEV, FULL, LOOSE]],
  ['its bus is CXL, and no more is told', 'pmem9', [MEMDEV, FULL, DAX, PROVIDED]],
])('[CX21] what goes with a memdev is unknown where %s', async (why, name, listings) => {
  const host = await hostOf(`u-${why.replaceAll(/\W/g, '-')}`, listings);
  await isUnknown(`${host}/cxl-memdevs/mem0/remove`, { trigger: 'unbind' }, name);
});

test.each([
  ['the device is linked', [MEMDEV, FULL, DAX]],
  [
    'another bus and place is told',
    [MEMDEV, FULL, { path: '/platform/hmem.0', id: 0, devices: [ELSEWHERE] }],
  ],
  ['another number has no region', [MEMDEV, FULL, { ...DAX, chardev: 'dax1.0' }]],
])('[CX21] and known where %s', async (why, listings) => {
  const host = await hostOf(`k-${why.replaceAll(' ', '-')}`, listings);
  const at = `${host}/cxl-memdevs/mem0/remove`;
  for (const url of [`${at}?dry_run=true`, at]) {
    const { status, json } = await server.call('POST', url, { trigger: 'unbind' }, { prefer: 'wait=5' });
    expect([status, unknownIn(json)]).toEqual([200, undefined]);
  }
});

describe('[CX21] what goes with a device is as unknown', () => {
  const linked = { ...DAX, chardev: 'dax0.1', size: GIB };

  test.each([
    ['pulled, its own card not told', 'dax0.0', [MEMDEV, FULL, LOOSE], { trigger: 'surprise_removal' }],
    [
      'pulled, another one may be on its card',
      'dax0.1',
      [MEMDEV, FULL, linked, LOOSE],
      { trigger: 'surprise_removal' },
    ],
    ['by its memdev', 'dax0.1', [MEMDEV, FULL, linked, LOOSE], { trigger: 'unbind', via: 'cxl_mem' }],
    [
      'by its region',
      'dax0.1',
      [MEMDEV, FULL, linked, LOOSE],
      { trigger: 'unbind', via: 'cxl_disable_region_force' },
    ],
  ])('%s', async (why, name, listings, body) => {
    const host = await hostOf(`d-${why.replaceAll(/\W/g, '-')}`, listings);
    await isUnknown(`${host}/dax-devices/${name}/remove`, body, 'dax0.0');
  });

  test('where its region decodes and shows no targets: no act that takes the card is refused by a kernel', async () => {
    const pmem = { memdev: 'mem0', pmem_size: 8 * GIB, serial: 7, host: '0000:0d:00.0' };
    const fsdax = { dev: 'namespace0.0', mode: 'fsdax', map: 'dev', size: GIB, blockdev: 'pmem0' };
    const host = await hostOf('targets', [pmem, { ...REGION, type: 'pmem', decode_state: 'commit' }, fsdax]);
    const unknown = { status: 409, json: { code: 'outcome_unknown' } };
    for (const trigger of ['surprise_removal', 'orderly_removal']) {
      const refused = await server.call('POST', `${host}/dax-devices/pmem0/remove`, { trigger });
      expect(refused).toMatchObject(unknown);
      expect(JSON.stringify(refused.json)).toContain('which CXL memdev region0 decodes to is not told');
    }
    const { json } = await server.call('GET', '/v1/assessment?host=targets');
    expect(json).toMatchObject({ items: [{ refused: { code: 'outcome_unknown', errno: null } }] });
  });

  test('by a bus event', async () => {
    const host = await hostOf('bus', [MEMDEV, FULL, LOOSE]);
    await isUnknown(`${host}/hotplug-events`, { action: 'surprise_removal', dax_device: 'dax0.0' }, 'dax0.0');
  });

  test('and not by an unbind, which takes it alone, nor where no card is told and its bus is not CXL', async () => {
    const host = await hostOf('alone', [MEMDEV, FULL, LOOSE]);
    const removed = await server.call(
      'POST',
      `${host}/dax-devices/dax0.0/remove`,
      { trigger: 'unbind' },
      { prefer: 'wait=5' },
    );
    expect([removed.status, unknownIn(removed.json)]).toEqual([200, undefined]);
    const other = await hostOf('no-card', [DAX]);
    const pulled = await server.call(
      'POST',
      `${other}/dax-devices/dax0.0/remove`,
      { trigger: 'surprise_removal' },
      { prefer: 'wait=5' },
    );
    expect([pulled.status, unknownIn(pulled.json)]).toEqual([200, undefined]);
  });

  test('pulled where its region does not show its targets, without a removal to imagine', async () => {
    const host = await hostOf('targets', [MEMDEV, REGION, DAX]);
    const body = { trigger: 'surprise_removal' };
    const at = `${host}/dax-devices/dax0.0/remove`;
    for (const url of [`${at}?dry_run=true`, at]) {
      const refused = await server.call('POST', url, body);
      expect(refused).toMatchObject({ status: 409, json: { code: 'outcome_unknown' } });
      expect(refused.text).toContain('which CXL memdev region0 decodes to is not told: import');
    }
  });
});

test('[CX21] holders, the assessment and a plan say it beside what is known', async () => {
  const host = await hostOf('asked', [MEMDEV, FULL, { ...DAX, chardev: 'dax0.1', size: GIB }, LOOSE]);
  const unknown = [{ what: expect.stringContaining('dax0.0') as string }];
  const known = await hostOf('asked-known', [MEMDEV, FULL, DAX]);
  expect((await server.call('GET', `${host}/dax-devices/dax0.0/holders`)).json).toMatchObject({ unknown });
  expect(unknownIn((await server.call('GET', `${known}/dax-devices/dax0.0/holders`)).json)).toBeUndefined();
  const assessed = await server.call('GET', '/v1/assessment?host=asked');
  expect(assessed.json).toMatchObject({
    items: [
      { unknown, verdict: 'contained', refused: null },
      { unknown, verdict: 'contained', refused: null },
    ],
    summary: { devices: 2, unknown: 2 },
  });
  const others = await server.call('GET', '/v1/assessment?host=asked-known');
  expect(others.json).toMatchObject({ summary: { unknown: 0 } });
  expect(others.json.items.map(unknownIn)).toEqual([undefined]);
  const plan = await server.call('POST', '/v1/plans', { hosts: ['asked'], trigger: 'surprise_removal' });
  expect(plan.json).toMatchObject({
    left: [
      { unknown, refused: { code: 'outcome_unknown' } },
      { unknown, refused: { code: 'outcome_unknown' } },
    ],
  });
  const unbound = await server.call('POST', '/v1/plans', { hosts: ['asked'], trigger: 'unbind' });
  expect(unbound.json).toMatchObject({ left: [{ refused: null }, { refused: null }] });
  expect((unbound.json['left'] as readonly unknown[]).map(unknownIn)).toEqual([undefined, undefined]);
});
