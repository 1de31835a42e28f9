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
  ['pmem', 'its card has both', REGION, { ...RAM, ...PMEM }],
  ['ram', 'its decoder says so', REGION, { decoder: 'decoder2.0', mode: 'ram' }],
  ['pmem', 'its decoder says so', REGION, { decoder: 'decoder2.0', mode: 'pmem' }, RAM],
  ['pmem', 'nothing is told', REGION],
])('[IMP52] a region is %s where %s', (type, _why, ...listings) => {
  for (const order of [listings, [...listings].reverse()]) {
    const host = hostAfter(...order.map((object) => JSON.stringify([object])));
    expect([...host.made.host.tables.cxl_regions.values()]).toMatchObject([{ type }]);
    const said = JSON.parse(printed(host, 'cxl')) as { type?: string }[];
    const told = (listings[0] as { type?: string }).type;
    expect(JSON.stringify(said).includes('"type"')).toBe(told !== undefined);
  }
});
