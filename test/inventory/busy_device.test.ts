import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DaxDevice } from '../../src/engine/model/host.ts';
import { NOTHING_LISTED } from '../../src/app/listing.ts';
import { emptyMachine, addFile, addMapper, addMount, addPin, PIPE, type Machine } from '../engine/support.ts';
import { cases } from '../support/property.ts';
import { HOSTILE, RECORDED_TEXTS, spoil } from './support/hostile.ts';
import { hostAfter, importedInto, type PlayedHost } from './support/played.ts';

/** Makes a device busy in one way; what it cannot be used for stays undone. */
const BUSY: Readonly<Record<string, (made: Machine, device: DaxDevice) => void>> = {
  mounted: (made, { name }) => {
    addMount(made, { dax_device: name });
  },
  mapped: (made, device) => {
    mapped(made, device);
  },
  pinned: (made, device) => {
    addPin(made, mapped(made, device), PIPE);
  },
  'being removed': (made, { name }) => {
    made.run({ type: 'remove_dax_device', dax_device: name, trigger: 'unbind' });
  },
};

function mapped(made: Machine, { name, mode }: DaxDevice) {
  if (mode === 'devdax') return addMapper(made, { dax_device: name });
  return addMapper(made, { file: addFile(made, addMount(made, { dax_device: name }).id, '/a') });
}

function busyHost(text: string, at: number, how: string): { host: PlayedHost; busy: DaxDevice } | null {
  const host = hostAfter(text);
  const devices = [...host.made.host.tables.dax_devices.values()].filter(
    ({ mode, state }) => state === 'bound' && (mode === 'fsdax' || (mode === 'devdax' && how !== 'mounted')),
  );
  const busy = devices[at % Math.max(1, devices.length)];
  if (busy === undefined) return null;
  BUSY[how]!(host.made, busy);
  return { host, busy };
}

/** The other devices as a listing shows them, and what stands under them. */
function others({ made }: PlayedHost, busy: DaxDevice): unknown {
  return [...made.host.tables.dax_devices.values()]
    .filter(({ name }) => name !== busy.name)
    .map(({ name, size, mode, state, phys_addr, target_node, badblocks }) => {
      return { name, size, mode, state, phys_addr, target_node, badblocks };
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

describe('[IMP41] a device that is busy', () => {
  const listings = fc.record({
    text: fc.constantFrom(...RECORDED_TEXTS.filter((each) => each.includes('dax"'))),
    device: fc.nat(5),
    how: fc.constantFrom(...Object.keys(BUSY)),
    at: fc.nat(400),
    by: fc.constantFrom(...HOSTILE),
    isComplete: fc.boolean(),
  });

  test('changes nothing of what any listing makes of its neighbours', () => {
    let left = 0;
    fc.assert(
      fc.property(listings, ({ text, device, how, at, by, isComplete }) => {
        const played = busyHost(text, device, how);
        if (played === null) return;
        const { text: later } = spoil(text, at, by);
        const { host, answer } = importedInto(played.host, later, isComplete);
        const idle = importedInto(hostAfter(text), later, isComplete).host;
        expect(others(host, played.busy)).toEqual(others(idle, played.busy));
        left += answer.skipped.filter((skipped) => 'code' in skipped).length;
      }),
      cases(400),
    );
    expect(left).toBeGreaterThan(0);
  });

  const pmem = (number: number, mode: string, size: number) => ({
    dev: `namespace${String(number)}.0`,
    mode,
    ...(mode === 'fsdax' ? { map: 'dev' } : {}),
    size,
    blockdev: `pmem${String(number)}`,
  });

  test.each(Object.keys(BUSY))('%s keeps what it is, and its neighbours take what is listed', (how) => {
    const GIB = 2 ** 30;
    const before = [pmem(0, 'fsdax', GIB), pmem(1, 'fsdax', GIB), pmem(2, 'fsdax', GIB)];
    const { host, busy } = busyHost(JSON.stringify(before), 1, how)!;
    const after = [
      pmem(0, 'raw', 2 * GIB),
      pmem(1, 'raw', 2 * GIB),
      pmem(2, 'raw', 2 * GIB),
      pmem(3, 'raw', GIB),
    ];
    const { answer } = importedInto(host, JSON.stringify(after));
    const made = [...host.made.host.tables.dax_devices.values()];
    const now = made.map(({ name, mode, size }) => [name, mode, size / GIB]);
    expect(now).toEqual([
      ['pmem0', 'raw', 2],
      ['pmem1', 'fsdax', 1],
      ['pmem2', 'raw', 2],
      ['pmem3', 'raw', 1],
    ]);
    expect(busy.name).toBe('pmem1');
    const told = { kind: 'dax_device', name: 'pmem1', code: 'dax_device_in_use', document: 0, pointer: '/1' };
    expect(answer.skipped.filter((each) => 'code' in each)).toEqual([expect.objectContaining(told)]);
  });
});

test('what was left out enters with the next listing that shows it, once it can', () => {
  const text = JSON.stringify([
    { memdev: 'mem0', pmem_size: 2 ** 30, serial: 7, host: '0000:0d:00.0' },
    {
      region: 'region0',
      resource: 2 ** 36,
      size: 2 ** 30,
      type: 'pmem',
      interleave_ways: 1,
      mappings: [{ position: 0, memdev: 'mem0', decoder: 'decoder2.0' }],
    },
    {
      provider: 'CXL',
      dev: 'ndbus0',
      regions: [{ dev: 'region0', size: 2 ** 30, type: 'pmem', namespaces: [{ ...namespaceOfCxl }] }],
    },
  ]);
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', kernel: 'v5.10' });
  const first = importedInto({ made, listed: NOTHING_LISTED }, text);
  const codes = first.answer.skipped.flatMap((each) => ('code' in each ? [`${each.kind} ${each.name}`] : []));
  expect(codes).toEqual(['memdev mem0', 'cxl_region region0', 'dax_device pmem0']);
  expect(made.host.tables.dax_devices.size).toBe(0);
  made.run({ type: 'reboot', kernel: 'v6.12' });
  const second = importedInto(first.host, text);
  expect(second.answer.skipped.filter((each) => 'code' in each)).toEqual([]);
  expect(second.answer.devices).toMatchObject([{ name: 'pmem0', change: 'created' }]);
  const { cxl_memdevs, cxl_regions, dax_devices } = made.host.tables;
  expect([cxl_memdevs.size, cxl_regions.size, dax_devices.size]).toEqual([1, 1, 1]);
});

const namespaceOfCxl = { dev: 'namespace0.0', mode: 'fsdax', map: 'dev', size: 2 ** 29, blockdev: 'pmem0' };
