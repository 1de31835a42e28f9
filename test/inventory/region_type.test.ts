import { expect, test } from 'vitest';
import { hostAfter, printed } from './support/played.ts';

const TARGET = { position: 0, memdev: 'mem0', decoder: 'decoder2.0' };
const REGION = {
  region: 'region0',
  resource: 2 ** 36,
  size: 2 ** 30,
  interleave_ways: 1,
  mappings: [TARGET],
};
const RAM = { memdev: 'mem0', ram_size: 2 ** 30, serial: 1 };
const PMEM = { memdev: 'mem0', pmem_size: 2 ** 30, serial: 1 };

test.each([
  ['ram', 'its type is told', { ...REGION, type: 'ram' }, PMEM],
  ['pmem', 'its type is told', { ...REGION, type: 'pmem' }, RAM],
  ['ram', 'its card has nothing else', REGION, RAM],
  ['pmem', 'its card has nothing else', REGION, PMEM],
  ['unknown', 'its card has both', REGION, { ...RAM, ...PMEM }],
  [
    'pmem',
    'it has an nd region',
    REGION,
    { ...RAM, ...PMEM },
    { dev: 'region0', size: 2 ** 30, type: 'pmem' },
  ],
  ['ram', 'its decoder says so', REGION, { decoder: 'decoder2.0', mode: 'ram' }],
  ['pmem', 'its decoder says so', REGION, { decoder: 'decoder2.0', mode: 'pmem' }, RAM],
  ['unknown', 'nothing is told', REGION],
  ['unknown', 'its type is not modelled', { ...REGION, type: 'dynamic_ram_a' }, RAM],
  [
    'unknown',
    'the mode of its decoder is not modelled',
    REGION,
    { decoder: 'decoder2.0', mode: 'mixed' },
    RAM,
  ],
  ['ram', 'its decoder is not allocated', REGION, { decoder: 'decoder2.0', mode: 'none' }, RAM],
])('[IMP52, IMP68] a region is %s where %s', (type, _why, ...listings) => {
  for (const order of [listings, [...listings].reverse()]) {
    const host = hostAfter(...order.map((object) => JSON.stringify([object])));
    expect([...host.made.host.tables.cxl_regions.values()]).toMatchObject([{ type }]);
    const said = JSON.parse(printed(host, 'cxl')) as { type?: string }[];
    const told = (listings[0] as { type?: string }).type;
    expect(JSON.stringify(said).includes('"type"')).toBe(told !== undefined);
  }
});

test.each([
  ['dynamic_ram_a', { ...REGION, type: 'dynamic_ram_a' }],
  ['mixed', REGION, { decoder: 'decoder2.0', mode: 'mixed' }],
  [null, REGION],
  [null, { ...REGION, type: 'ram' }],
])('[IMP68] the word of a type that is not modelled is kept: %s', (type_as_listed, ...listings) => {
  const host = hostAfter(...listings.map((object) => JSON.stringify([object])));
  expect([...host.made.host.tables.cxl_regions.values()]).toMatchObject([{ type_as_listed }]);
});
