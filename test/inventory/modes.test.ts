import { expect, test } from 'vitest';
import { deviceOf, exportOf, importInto, knownAfter, NOTHING } from './support/host.ts';

const listed = (mode: string): string =>
  `[{"dev":"namespace0.0","mode":"${mode}","size":1073741824,"blockdev":"pmem0"},{"dev":"namespace1.0","mode":"raw","size":4096,"blockdev":"pmem1"}]`;

test.each(['memory', 'safe'])('[IMP43] a mode of former ndctl, %s, is not modelled', (mode) => {
  const known = knownAfter(listed(mode));
  expect(deviceOf(known, 'pmem0')).toMatchObject({
    mode: 'unknown',
    mode_as_listed: mode,
    state: 'bound',
    size: 1073741824,
  });
  expect(JSON.parse(exportOf('ndctl', known))).toEqual(JSON.parse(listed(mode)));
});

test('[IMP43] the word of today for the namespace of that uuid is of the same owner', () => {
  const uuid = '11111111-2222-4333-8444-555555555603';
  const namespace = { dev: 'namespace0.0', size: 1073741824, uuid, blockdev: 'pmem0' };
  const text = (mode: string, of = uuid): string => JSON.stringify([{ ...namespace, mode, uuid: of }]);
  const anotherIn = (first: string, then: string): unknown =>
    importInto(knownAfter(first), then).devices.map(({ is_another: isAnother }) => isAnother);
  expect(anotherIn(text('memory'), text('fsdax'))).toEqual([false]);
  expect(anotherIn(text('fsdax'), text('memory'))).toEqual([false]);
  expect(anotherIn(text('memory'), text('fsdax', uuid.replaceAll('5', '6')))).toEqual([true]);
  expect(anotherIn(text('raw'), text('fsdax'))).toEqual([true]);
});

test('[IMP44] a namespace in another mode is a device, told, exported as listed, and known again later', () => {
  const { host, records, devices, skipped } = importInto(NOTHING, listed('famfs'));
  expect(skipped).toMatchObject([{ name: 'namespace0.0', reason: 'unknown mode' }]);
  expect(devices.map(({ change }) => change)).toEqual(['created', 'created']);
  const known = { host, devices: records };
  expect(deviceOf(known, 'pmem0')).toMatchObject({
    mode: 'unknown',
    mode_as_listed: 'famfs',
    driver: null,
    state: 'bound',
    size: 1073741824,
  });
  expect(JSON.parse(exportOf('ndctl', known))).toEqual(JSON.parse(listed('famfs')));
  const again = importInto(knownAfter(listed('fsdax')), listed('famfs'), true);
  expect(again.devices).toMatchObject([{ change: 'updated', is_another: true }, { change: 'unchanged' }]);
  const back = knownAfter(listed('famfs'), listed('fsdax'));
  expect(deviceOf(back, 'pmem0')).toMatchObject({ mode: 'fsdax', mode_as_listed: null, driver: 'nd_pmem' });
});

test('[IMP44] so is a dax device, of a namespace or of none', () => {
  const text = '[{"chardev":"dax6.0","size":536870912,"target_node":0,"align":2097152,"mode":"famfs"}]';
  const known = knownAfter(text);
  expect(deviceOf(known, 'dax6.0')).toMatchObject({
    mode: 'unknown',
    mode_as_listed: 'famfs',
    size: 536870912,
    align: 2097152,
    target_node: 0,
  });
  expect(JSON.parse(exportOf('daxctl', known))).toEqual([{ id: 6, devices: JSON.parse(text) as unknown }]);
  const inside = '[{"dev":"namespace6.0","mode":"zoned","size":536870912,"chardev":"dax6.0"}]';
  expect(deviceOf(knownAfter(text, inside), 'dax6.0')).toMatchObject({
    mode: 'unknown',
    mode_as_listed: 'famfs',
  });
  const lone = '[{"dev":"namespace6.0","mode":"zoned","size":536870912}]';
  const ofDax = knownAfter(inside.replace('zoned', 'devdax'), lone);
  expect(ofDax.devices).toMatchObject([{ name: 'dax6.0', mode: 'unknown', mode_as_listed: 'zoned' }]);
});

test('[IMP44] a namespace that is listed without a mode is no device, and a known one stays what it was', () => {
  const text = '[{"dev":"namespace0.0","size":1073741824,"blockdev":"pmem0"}]';
  expect(importInto(NOTHING, text)).toMatchObject({ devices: [], skipped: [{ reason: 'unknown mode' }] });
  expect(deviceOf(knownAfter(listed('fsdax'), text), 'pmem0').mode).toBe('fsdax');
});
