import { expect, test } from 'vitest';
import { hostAfter, importedInto, type PlayedHost, printed, stateOf } from './support/played.ts';

/** Of 1 GiB, 18 MiB of which are in front of the data of a namespace with map=dev. */
const WHOLE = 1_073_741_824;
const START = 36_864;
const SIZE = WHOLE - START * 512;

const bad = (...badblocks: readonly { offset: number; length: number }[]) => ({
  badblock_count: badblocks.reduce((sum, { length }) => sum + length, 0),
  badblocks,
});
const region = (fields: object = {}) => ({
  dev: 'region0',
  size: WHOLE,
  available_size: 0,
  type: 'pmem',
  ...fields,
});
const namespace = (fields: object = {}) => ({
  dev: 'namespace0.0',
  mode: 'devdax',
  map: 'dev',
  size: SIZE,
  chardev: 'dax0.0',
  align: 2_097_152,
  ...fields,
});
const text = (object: object): string => JSON.stringify([object]);
const IN_REGION = bad({ offset: START + 4136, length: 8 });
const REGION = text(region(IN_REGION));
const NAMESPACE = text(namespace());

function badblocksOf({ made }: PlayedHost): unknown {
  return [...made.host.tables.dax_devices.values()].map(({ name, badblocks }) => [name, badblocks]);
}

function skippedOf(host: PlayedHost, listing: string): unknown {
  const { skipped } = importedInto(host, listing).answer;
  return skipped.filter(({ kind }) => kind === 'badblocks');
}

test('[IMP62] what a region alone tells is of the device that fills it, in either order', () => {
  const hosts = [hostAfter(REGION, NAMESPACE), hostAfter(NAMESPACE, REGION)];
  for (const host of hosts) expect(badblocksOf(host)).toEqual([['dax0.0', [{ offset: 4136, length: 8 }]]]);
  expect(stateOf(hosts[0]!)).toEqual(stateOf(hosts[1]!));
  expect(skippedOf(hostAfter(NAMESPACE), REGION)).toEqual([]);
});

test('[IMP62] its place is what the kernel puts in front of it, by mode and map', () => {
  const at = (fields: object, offset: number): unknown =>
    badblocksOf(hostAfter(text(region(bad({ offset, length: 1 }))), text(namespace(fields))));
  const disk = { chardev: undefined, blockdev: 'pmem0' };
  expect(at({ ...disk, mode: 'fsdax' }, START + 7)).toEqual([['pmem0', [{ offset: 7, length: 1 }]]]);
  expect(at({ ...disk, mode: 'fsdax', map: 'mem', size: WHOLE - 2_097_152 }, 4096 + 7)).toEqual([
    ['pmem0', [{ offset: 7, length: 1 }]],
  ]);
  expect(at({ ...disk, mode: 'raw', map: undefined, align: undefined, size: WHOLE }, 7)).toEqual([
    ['pmem0', [{ offset: 7, length: 1 }]],
  ]);
});

test('[IMP62] of a dax device without a namespace the path tells the region', () => {
  const path = '/LNXSYSTM:00/LNXSYBUS:00/ACPI0012:00/ndbus0/region0/dax0.1';
  const devices = [{ chardev: 'dax0.0', size: SIZE, target_node: 0, align: 2_097_152, mode: 'devdax' }];
  const daxctl = text({ path, id: 0, size: SIZE, align: 2_097_152, devices });
  expect(badblocksOf(hostAfter(REGION, daxctl))).toEqual([['dax0.0', [{ offset: 4136, length: 8 }]]]);
});

test('[IMP62] those that a namespace lists itself win', () => {
  const own = text(namespace(bad({ offset: 16, length: 2 })));
  for (const host of [hostAfter(REGION, own), hostAfter(own, REGION)])
    expect(badblocksOf(host)).toEqual([['dax0.0', [{ offset: 16, length: 2 }]]]);
});

test('[IMP62] where no device fills the region nothing is placed, and that is said where it stands', () => {
  const half = text(namespace({ size: SIZE / 2 }));
  expect(badblocksOf(hostAfter(REGION, half))).toEqual([['dax0.0', []]]);
  const told = { name: 'region0', reason: 'not placeable', document: 0, pointer: '/0' };
  expect(skippedOf(hostAfter(half), REGION)).toMatchObject([told]);
  expect(skippedOf(hostAfter(), REGION)).toMatchObject([told]);
  expect(skippedOf(hostAfter(NAMESPACE), text(region({ badblock_count: 8 })))).toMatchObject([told]);
  const around = text(region(bad({ offset: START - 4, length: 8 })));
  expect(skippedOf(hostAfter(NAMESPACE), around)).toMatchObject([
    { ...told, detail: expect.stringMatching(/^4 bad sectors/) as string },
  ]);
  expect(badblocksOf(hostAfter(NAMESPACE, around))).toEqual([['dax0.0', [{ offset: 0, length: 4 }]]]);
});

test('[IMP62] they go when the region is listed without them, and an export of them changes nothing', () => {
  const host = hostAfter(REGION, NAMESPACE, REGION, NAMESPACE);
  const again = importedInto(host, printed(host, 'ndctl'));
  expect(again.answer.devices.map(({ change }) => change)).toEqual(['unchanged']);
  expect(JSON.parse(printed(host, 'ndctl'))).toEqual(JSON.parse(printed(again.host, 'ndctl')));
  expect(badblocksOf(again.host)).toEqual([['dax0.0', [{ offset: 4136, length: 8 }]]]);
  expect(badblocksOf(importedInto(again.host, text(region())).host)).toEqual([['dax0.0', []]]);
});

test('[IMP62] what was cleared since is bad no more, of the device and of its region', () => {
  const host = hostAfter(REGION, text(namespace({ mode: 'fsdax', chardev: undefined, blockdev: 'pmem0' })));
  host.made.run({ type: 'patch_dax_device', dax_device: 'pmem0', clears_poison: true });
  host.made.run({ type: 'clear_errors', dax_device: 'pmem0', offset: 4136 * 512, length: 4096 });
  expect(badblocksOf(host)).toEqual([['pmem0', []]]);
  expect(printed(host, 'ndctl')).not.toContain('badblock');
  const again = importedInto(host, printed(host, 'ndctl'));
  expect(again.answer.devices.map(({ change }) => change)).toEqual(['unchanged']);
  expect(badblocksOf(again.host)).toEqual([['pmem0', []]]);
});
