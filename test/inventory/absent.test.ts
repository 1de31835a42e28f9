import { describe, expect, test } from 'vitest';
import type { ListedObject } from '../../src/inventory/record.ts';
import { after, changesOf, importInto, knownAfter, NOTHING } from './support/host.ts';
import { otherListing, recorded, recordedInventories } from './support/recordings.ts';

const SIZE = 2 ** 36;

function namespace(dev: string, blockdev: string, more: ListedObject = {}): ListedObject {
  return {
    dev,
    mode: 'fsdax',
    map: 'dev',
    size: 2 ** 30,
    sector_size: 512,
    align: 2 ** 21,
    blockdev,
    ...more,
  };
}

function region(dev: string, namespaces: readonly ListedObject[], more: ListedObject = {}): ListedObject {
  const inside = namespaces.length === 0 ? {} : { namespaces };
  return { dev, size: SIZE, available_size: 0, type: 'pmem', ...more, ...inside };
}

const listing = (...regions: readonly ListedObject[]): string => JSON.stringify({ regions });
const A = namespace('namespace0.0', 'pmem0');
const B = namespace('namespace0.1', 'pmem0.1');
const C = namespace('namespace1.0', 'pmem1');
const known = knownAfter(listing(region('region0', [A, B]), region('region1', [C])));

/** What a listing lacks, and what it ends where it is complete. */
function lacking(text: string, before = known) {
  const partial = importInto(before, text);
  expect(partial.devices.filter(({ change }) => change === 'gone')).toEqual([]);
  const whole = importInto(before, text, true);
  return {
    absent: partial.absent.map(({ kind, name, dax_device: device }) => [kind, name, device]),
    gone: whole.devices.filter(({ change }) => change === 'gone').map(({ record }) => record.name),
    left: whole.absent.map(({ name, reason }) => [name, reason]),
  };
}

describe('[IMP17] [IMP18] what a listing lacks', () => {
  test('a namespace of a region that is listed with its namespaces', () => {
    expect(lacking(listing(region('region0', [A]), region('region1', [C])))).toEqual({
      absent: [['namespace', 'namespace0.1', 'pmem0.1']],
      gone: ['pmem0.1'],
      left: [],
    });
  });

  test('a region beside others, and what is on it', () => {
    expect(lacking(listing(region('region0', [A, B])))).toEqual({
      absent: [
        ['namespace', 'namespace1.0', 'pmem1'],
        ['region', 'region1', null],
      ],
      gone: ['pmem1'],
      left: [],
    });
  });

  test('regions alone say nothing of their namespaces', () => {
    expect(lacking(JSON.stringify([region('region0', []), region('region1', [])]))).toEqual({
      absent: [],
      gone: [],
      left: [],
    });
  });

  test('a region that is all available has no namespace', () => {
    const free = region('region1', [], { available_size: SIZE });
    expect(lacking(listing(region('region0', [A, B]), free))).toEqual({
      absent: [['namespace', 'namespace1.0', 'pmem1']],
      gone: ['pmem1'],
      left: [],
    });
  });

  test('namespaces alone are everything but what is idle', () => {
    const idle = after(known, listing(region('region1', [{ ...C, state: 'disabled' }])));
    expect(lacking(JSON.stringify([A]), idle)).toEqual({
      absent: [['namespace', 'namespace0.1', 'pmem0.1']],
      gone: ['pmem0.1'],
      left: [],
    });
    const withIdle = JSON.stringify([A, { ...B, state: 'disabled' }]);
    expect(lacking(withIdle, idle)).toMatchObject({ absent: [['namespace', 'namespace1.0', 'pmem1']] });
  });

  test('daxctl does not show fsdax, and ndctl no dax device without a namespace', () => {
    const dax = (...names: readonly string[]) =>
      JSON.stringify(names.map((chardev) => ({ chardev, size: 2 ** 30, align: 4096, mode: 'devdax' })));
    const both = after(known, dax('dax3.0', 'dax4.0'));
    expect(lacking(dax('dax4.0'), both)).toEqual({
      absent: [['dax_device', 'dax3.0', 'dax3.0']],
      gone: ['dax3.0'],
      left: [],
    });
    expect(lacking(listing(region('region0', [A, B]), region('region1', [C])), both)).toEqual({
      absent: [],
      gone: [],
      left: [],
    });
  });

  test('a device whose removal has not ended is not ended by a listing', () => {
    const removing = { ...known, removing: new Set(['pmem0.1']) };
    expect(lacking(listing(region('region0', [A]), region('region1', [C])), removing)).toMatchObject({
      gone: [],
      left: [['namespace0.1', 'being removed']],
    });
    const seed = { dev: 'namespace0.1', mode: 'raw', size: 0, state: 'disabled' };
    expect(changesOf(importInto(removing, JSON.stringify([seed])))).toEqual({});
  });

  test('an empty listing ends nothing: no one can tell whose it is', () => {
    expect(lacking('')).toEqual({
      absent: [],
      gone: [],
      left: ['namespace0.0', 'namespace0.1', 'namespace1.0'].map((name) => [name, 'empty listing']),
    });
  });

  test('with a bus go its dimms, its regions and their devices', () => {
    const bus = (dev: string, dimm: string, at: ListedObject) => ({
      provider: 'ACPI.NFIT',
      dev,
      dimms: [{ dev: dimm }],
      regions: [at],
    });
    const two = knownAfter(
      JSON.stringify([
        bus('ndbus0', 'nmem0', region('region0', [A, B])),
        bus('ndbus1', 'nmem1', region('region1', [C])),
      ]),
    );
    const one = importInto(two, JSON.stringify([{ provider: 'ACPI.NFIT', dev: 'ndbus0' }]), true);
    expect(changesOf(one)).toEqual({ pmem1: 'gone' });
    expect(one.host_objects.filter(({ change }) => change === 'gone').map(({ name }) => name)).toEqual([
      'ndbus1',
      'nmem1',
      'region1',
    ]);
  });

  test('with a CXL region go the nd region and the devices on it', () => {
    const tree = recorded('cxl.region-devdax@6.12', 'cxl list -vvv');
    const all = knownAfter(tree, recorded('cxl.region-devdax@6.12', 'ndctl list -RBNDMXvi'));
    const without = importInto(all, recorded('cxl.no-region@6.12', 'cxl list -vvv'), true);
    expect(changesOf(without)).toEqual({ 'dax0.0': 'gone' });
    expect(without.host_objects.filter(({ change }) => change === 'gone')).toEqual([
      { kind: 'region', name: 'region0', change: 'gone' },
      { kind: 'cxl_region', name: 'region0', change: 'gone' },
    ]);
  });

  test('a memdev is not absent under another number', () => {
    const bound = knownAfter(recorded('cxl.region@6.1', 'cxl list -vvv'));
    const { absent } = importInto(bound, otherListing('cxl-vvv.returned-as-mem1@6.1'));
    expect(absent.filter(({ kind }) => kind === 'memdev')).toEqual([]);
    const other = '[{"memdev":"mem7","pmem_size":4096,"serial":7,"host":"0000:99:00.0"}]';
    expect(importInto(bound, other).absent.map(({ kind, name }) => [kind, name])).toEqual([
      ['memdev', 'mem0'],
    ]);
  });
});

test('[IMP17] no recorded listing lacks what another of the same moment shows', () => {
  for (const { listings } of recordedInventories()) {
    const all = knownAfter(...listings.values());
    for (const text of listings.values()) {
      expect(importInto(all, text).absent).toEqual([]);
      if (text === '') continue;
      const whole = importInto(all, text, true);
      expect(whole.devices.filter(({ change }) => change === 'gone')).toEqual([]);
      expect(whole.host_objects.filter(({ change }) => change === 'gone')).toEqual([]);
    }
  }
  expect(importInto(NOTHING, '[]', true).absent).toEqual([]);
});
