import { expect, test } from 'vitest';
import { hostAfter, importedInto, printed, stateOf } from './support/played.ts';

const namespace = (dev: string): object => ({
  dev: `namespace${dev}.0`,
  mode: 'raw',
  size: 2 ** 30,
  sector_size: 512,
  blockdev: `pmem${dev}`,
});
const region = (number: string, hasNamespace: boolean): object => ({
  dev: `region${number}`,
  size: 2 ** 30,
  type: 'pmem',
  ...(hasNamespace ? { namespaces: [namespace(number)] } : {}),
});

test.each([
  ['an array where the last has none', [region('1', true), region('0', false)]],
  ['an array where none has any', [region('1', false), region('0', false)]],
  ['an object where the last has some', { regions: [region('1', false), region('0', true)] }],
  ['an object where all have some', { regions: [region('1', true), region('0', true)] }],
  ['by their names as text', { regions: [region('9', false), region('10', true)] }],
  ['an array of one that has some, as it was listed', [region('0', true)]],
  ['an array where all have some, as it was listed', [region('1', true), region('0', true)]],
  [
    'an object where the last has none, as it was listed',
    { regions: [region('1', true), region('0', false)] },
  ],
])(
  '[IMP21] regions with their namespaces are exported as `ndctl list -RN` prints them: %s',
  (_about, listed) => {
    expect(JSON.parse(printed(hostAfter(JSON.stringify(listed)), 'ndctl'))).toEqual(listed);
  },
);

test('[IMP14] in whichever order they were listed', () => {
  const texts = [[region('1', true)], [region('0', false)]].map((listed) => JSON.stringify(listed));
  expect(stateOf(hostAfter(...texts))).toEqual(stateOf(hostAfter(...[...texts].reverse())));
});

test('[IMP14] and where they stood, an array told beside an object of lists being one of those', () => {
  const texts = [[region('0', true)], { regions: [region('0', true)] }].map((listed) =>
    JSON.stringify(listed),
  );
  const both = hostAfter(...texts);
  expect(JSON.parse(printed(both, 'ndctl'))).toEqual({ regions: [region('0', true)] });
  expect(stateOf(both)).toEqual(stateOf(hostAfter(...[...texts].reverse())));
  const apart = [[region('0', false)], [namespace('0')]].map((listed) => JSON.stringify(listed));
  expect(JSON.parse(printed(hostAfter(...apart), 'ndctl'))).toEqual({ regions: [region('0', true)] });
});

const MEMDEV = { memdev: 'mem0', pmem_size: 2 ** 28, serial: 0, host: '0000:35:00.0' };
const ANON = [{ 'anon memdevs': [MEMDEV] }, { buses: [{ bus: 'root0', provider: 'ACPI.CXL' }] }];

test('[IMP21] a memdev that stands on no port is exported where it was listed, disabled or not', () => {
  const host = hostAfter(JSON.stringify(ANON));
  expect(JSON.parse(printed(host, 'cxl'))).toEqual(ANON);
  const again = importedInto(host, printed(host, 'cxl')).answer;
  expect(again.host_objects.every(({ change }) => change === 'unchanged')).toBe(true);
  const beside = ANON.map((list) => ('buses' in list ? list : { memdevs: [MEMDEV] }));
  expect(JSON.parse(printed(hostAfter(JSON.stringify(beside)), 'cxl'))).toEqual([...beside].reverse());
});

test('[IMP14] whether another listing shows it there or not', () => {
  const texts = [ANON, [MEMDEV]].map((listed) => JSON.stringify(listed));
  expect(stateOf(hostAfter(...texts))).toEqual(stateOf(hostAfter(...[...texts].reverse())));
});

test('[IMP21] until it stands on one', () => {
  const endpoint = { endpoint: 'endpoint1', host: 'mem0', depth: 1, memdev: MEMDEV };
  const host = hostAfter(JSON.stringify(ANON), JSON.stringify([endpoint]));
  expect(printed(host, 'cxl')).not.toContain('anon');
  const flat = hostAfter(
    JSON.stringify([endpoint]),
    JSON.stringify([{ ...MEMDEV, state: 'disabled' }]),
    JSON.stringify([MEMDEV]),
  );
  expect(printed(flat, 'cxl')).not.toContain('anon');
});
