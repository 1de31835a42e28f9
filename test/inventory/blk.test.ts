import { describe, expect, test } from 'vitest';
import { deriveDevice } from '../../src/inventory/derive.ts';
import { EMPTY_HOST } from '../../src/inventory/record.ts';
import { addMapper } from '../engine/support.ts';
import { changesOf, exportOf, importInto, NOTHING } from './support/host.ts';
import { hostAfter, hostOn, importedInto, printed, stateOf, type PlayedHost } from './support/played.ts';

const BTT = { dev: 'namespace7.0', mode: 'sector', sector_size: 4096, size: 1071644672 };
const RAW = { dev: 'namespace7.0', mode: 'raw', sector_size: 512, size: 1071644672 };
const REGION = { dev: 'region7', size: 2 ** 30, type: 'blk' };
const text = (listed: object): string => JSON.stringify(listed);

const namesOf = ({ made }: PlayedHost): readonly string[] => [...made.host.tables.dax_devices.keys()];

describe('[IMP70] a namespace of nd_blk', () => {
  test.each([
    ['a btt, by its disk', [{ ...BTT, blockdev: 'ndblk7.0s' }]],
    ['raw, by its disk', [{ ...RAW, blockdev: 'ndblk7.0' }]],
    ['in its region', { regions: [{ ...REGION, namespaces: [BTT] }] }],
    [
      'beside one of nd_pmem with its number',
      [
        { ...RAW, dev: 'namespace7.1', blockdev: 'ndblk7.1' },
        { ...RAW, blockdev: 'pmem7' },
      ],
    ],
  ])('is no device and is exported as it was listed: %s', (_about, listed) => {
    const { host, answer } = importedInto(hostOn('v5.10'), text(listed));
    expect(namesOf(host).filter((name) => name !== 'pmem7')).toEqual([]);
    expect(answer.skipped.map(({ kind, reason }) => `${kind} ${reason}`)).toContain('namespace blk');
    expect(stateOf(hostAfter(printed(host, 'ndctl')))).toEqual(stateOf(hostAfter(text(listed))));
    const again = importedInto(host, text(listed)).answer;
    expect(again.devices.filter(({ change }) => change !== 'unchanged')).toEqual([]);
  });

  test.each([
    ['its disk', [[{ ...BTT, blockdev: 'ndblk7.0s' }], [BTT]]],
    ['the type of its region', [[BTT], [REGION]]],
    ['both', [[BTT], [REGION], [{ ...BTT, blockdev: 'ndblk7.0s' }]]],
  ])('is none in whichever order that is told: %s', (_about, listings) => {
    const texts = listings.map(text);
    const orders = texts.map((_text, at) => [...texts.slice(at), ...texts.slice(0, at)]);
    const state = stateOf(hostAfter(...texts));
    for (const order of [...orders, [...texts].reverse(), [texts.join('\n')]]) {
      expect(namesOf(hostAfter(...order))).toEqual([]);
      expect(stateOf(hostAfter(...order))).toEqual(state);
    }
  });

  test('is none when it has no disk any more', () => {
    const disabled = text([{ ...RAW, state: 'disabled' }]);
    const host = hostAfter(text([{ ...RAW, blockdev: 'ndblk7.0' }]), disabled, disabled);
    expect([namesOf(host), printed(host, 'ndctl')]).toEqual([[], printed(hostAfter(disabled), 'ndctl')]);
  });

  test('ends the device of nd_pmem that had its name', () => {
    const host = hostAfter(text([{ ...RAW, blockdev: 'pmem7' }]), text([{ ...RAW, blockdev: 'ndblk7.0' }]));
    expect(host.made.host.tables.dax_devices.get('pmem7')).toMatchObject({ state: 'gone' });
  });

  test('stays the device that it was taken for while that is in use', () => {
    const devdax = { dev: 'namespace7.0', mode: 'devdax', size: 2 ** 30, align: 2 ** 21 };
    const host = hostAfter(text([devdax]));
    addMapper(host.made, { dax_device: 'namespace7.0' });
    const { answer } = importedInto(host, text([REGION]));
    expect(answer.skipped).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ reason: 'blk', document: null }),
        expect.objectContaining({
          reason: 'refused',
          code: 'dax_device_in_use',
        }),
      ]),
    );
    expect(host.made.host.tables.dax_devices.get('namespace7.0')).toMatchObject({ state: 'bound' });
  });

  test('that was stored as a device of its disk’s name is none with the next listing', () => {
    const namespace = { ...BTT, blockdev: 'ndblk7.0s' };
    const parts = { namespace, dax_region: null, dax_device: null };
    const known = { ...NOTHING, devices: [deriveDevice(EMPTY_HOST, 'ndblk7.0', parts)] };
    const result = importInto(known, text([{ dev: 'nmem0', id: '1' }]));
    expect(changesOf(result)).toEqual({ 'ndblk7.0': 'gone' });
    expect(JSON.parse(exportOf('ndctl', { host: result.host, devices: [] }))).toMatchObject({
      namespaces: [namespace],
    });
  });
});

describe('[IMP70] the name of a disk or of a dax device outweighs the type of the region', () => {
  test.each([
    ['disk', { ...RAW, blockdev: 'pmem7' }, 'pmem7'],
    ['dax device', { dev: 'namespace7.0', mode: 'devdax', size: 2 ** 30, chardev: 'dax7.0' }, 'dax7.0'],
    [
      'dax device inside',
      {
        dev: 'namespace7.0',
        mode: 'devdax',
        size: 2 ** 30,
        daxregion: { id: 7, devices: [{ chardev: 'dax7.0', size: 2 ** 30 }] },
      },
      'dax7.0',
    ],
  ])('of a %s', (_about, listed, name) => {
    const texts = [text([listed]), text([REGION])];
    for (const order of [texts, [...texts].reverse(), [texts[1]!, texts[0]!, texts[1]!]])
      expect(namesOf(hostAfter(...order))).toEqual([name]);
  });
});
