import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../support/server.ts';

const server = serve(beforeAll, afterAll);
const GIB = 2 ** 30;
const UUID = '11111111-2222-3333-4444-555555555555';
const OTHER = '21111111-2222-3333-4444-555555555555';

const NAMESPACES = {
  raw: { mode: 'raw', size: GIB, uuid: UUID, sector_size: 512, blockdev: 'pmem1' },
  fsdax: {
    mode: 'fsdax',
    map: 'dev',
    size: GIB - 2 ** 24,
    uuid: UUID,
    sector_size: 512,
    align: 2097152,
    blockdev: 'pmem1',
  },
  sector: { mode: 'sector', size: GIB - 2 ** 21, uuid: UUID, sector_size: 4096, blockdev: 'pmem1s' },
} as const;
type Mode = keyof typeof NAMESPACES;
const MODES = Object.keys(NAMESPACES) as Mode[];
const PAIRS = MODES.flatMap((mode) =>
  MODES.filter((other) => other !== mode).map((to) => [mode, to] as const),
);

const listing = (mode: Mode, more: object = {}): string =>
  JSON.stringify([{ dev: 'namespace1.0', ...NAMESPACES[mode], ...more }]);

interface Device {
  readonly uid: string;
  readonly generation: number;
  readonly size: number;
}

/** What a listing tells itself, and what counts how often drivers were bound. */
const OWN = [
  'uid',
  'host',
  'revision',
  'size',
  'align',
  'base_pfn',
  'instance',
  'pgmap',
  'conditions',
  'removal',
];
const fieldsOf = (device: object) =>
  Object.fromEntries(Object.entries(device).filter(([key]) => !OWN.includes(key)));

async function hostOf(name: string, mode: Mode): Promise<string> {
  const host = `/v1/hosts/${name}`;
  await server.call('POST', '/v1/hosts', { name, kernel: 'v6.12' });
  await server.call('POST', `${host}/inventory`, listing(mode));
  return host;
}
const deviceAt = async (host: string) =>
  (await server.call('GET', `${host}/dax-devices/pmem1`)).json as unknown as Device;
const exported = async (host: string) =>
  (await server.call('GET', `${host}/inventory?format=ndctl`)).json as unknown;

describe('[IMP66] a namespace in sector mode', () => {
  const badblocks = { badblock_count: 8, badblocks: [{ offset: 16, length: 8 }] };

  test('is a device, exported as it was listed, and no news then', async () => {
    const host = await hostOf('listed', 'sector');
    const text = listing('sector', badblocks);
    await server.call('POST', `${host}/inventory`, text);
    expect(await deviceAt(host)).toMatchObject({
      mode: 'sector',
      driver: 'nd_pmem',
      state: 'bound',
      size: GIB - 2 ** 21,
      map: null,
      badblocks: [{ offset: 16, length: 8 }],
    });
    expect(await exported(host)).toEqual(JSON.parse(text));
    const again = await server.call('POST', `${host}/inventory`, text);
    expect(again.json).toMatchObject({ devices: [{ name: 'pmem1', change: 'unchanged' }], skipped: [] });
    const disabled = listing('sector', { blockdev: undefined, state: 'disabled' });
    await server.call('POST', `${host}/inventory`, disabled);
    expect(await deviceAt(host)).toMatchObject({ mode: 'sector', state: 'unbound' });
    expect(await exported(host)).toEqual(JSON.parse(disabled));
  });

  test('is the same whether a bind or a listing has made it one', async () => {
    const host = await hostOf('bound', 'fsdax');
    await server.call(
      'POST',
      `${host}/dax-devices/pmem1/remove`,
      { trigger: 'unbind' },
      { prefer: 'wait=5' },
    );
    await server.call('POST', `${host}/dax-devices/pmem1/bind`, { mode: 'sector' });
    const again = await server.call('POST', `${host}/inventory`, listing('sector', { uuid: OTHER }));
    expect(again.json).toMatchObject({ devices: [{ name: 'pmem1' }], skipped: [] });
    expect(await exported(host)).toEqual(JSON.parse(listing('sector', { uuid: OTHER })));
  });
});

describe('[IMP67] a namespace that is listed in another mode of a disk is what a bind makes of it', () => {
  test.each(PAIRS)('%s to %s', async (from, to) => {
    const listed = await hostOf(`l-${from}-${to}`, from);
    const bound = await hostOf(`b-${from}-${to}`, from);
    const before = await deviceAt(listed);
    await server.call('POST', `${listed}/inventory`, listing(to, { uuid: OTHER }));
    const wait = { prefer: 'wait=5' };
    await server.call('POST', `${bound}/dax-devices/pmem1/remove`, { trigger: 'unbind' }, wait);
    expect((await server.call('POST', `${bound}/dax-devices/pmem1/bind`, { mode: to })).status).toBe(200);
    const [now, rebound] = [await deviceAt(listed), await deviceAt(bound)];
    const { uid, generation } = before;
    expect(now).toMatchObject({ uid, generation: generation + 1, size: NAMESPACES[to].size });
    // A listing tells the size that it has in that mode; after a bind nobody has.
    expect(fieldsOf(now)).toEqual({ ...fieldsOf(rebound), placed_as: null });
    expect(await exported(listed)).toEqual(JSON.parse(listing(to, { uuid: OTHER })));
    const again = await server.call('POST', `${listed}/inventory`, listing(to, { uuid: OTHER }));
    expect(again.json).toMatchObject({ devices: [{ name: 'pmem1', change: 'unchanged' }], skipped: [] });
  });
});
