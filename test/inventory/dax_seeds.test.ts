import { expect, test } from 'vitest';
import { hostAfter, importedInto, printed, stateOf, type PlayedHost } from './support/played.ts';

const GIB = 2 ** 30;
const dax = (chardev: string, size: number, more: object = {}): object => ({
  chardev,
  size,
  target_node: 1,
  align: 2 ** 21,
  mode: 'devdax',
  ...more,
});
const seed = (chardev: string): object => dax(chardev, 0, { state: 'disabled' });
const region = (id: number, devices: readonly object[], path = `/platform/hmem.${String(id)}`): object => ({
  path,
  id,
  size: 16 * GIB,
  available_size: 8 * GIB,
  align: 2 ** 21,
  devices,
});

const text = (listed: readonly object[]): string => JSON.stringify(listed);
const exported = (host: PlayedHost): unknown => JSON.parse(printed(host, 'daxctl'));
const namesOf = ({ made }: PlayedHost): readonly string[] => [...made.host.tables.dax_devices.keys()];
const RI = [region(0, [dax('dax0.1', 8 * GIB), seed('dax0.0')])];

test.each([
  ['beside a device', RI],
  ['alone in its region', [region(0, [seed('dax0.0')])]],
  ['one of each region', [region(0, [dax('dax0.1', 8 * GIB), seed('dax0.0')]), region(1, [seed('dax1.0')])]],
  ['of a region without a path', [{ id: 3, devices: [seed('dax3.0')] }]],
  ['by former daxctl, with another', [{ id: 3, devices: [seed('dax3.0'), seed('dax3.1')] }]],
])(
  '[IMP21] a dax device of size 0 is none, and exported as `daxctl list -Ri` listed it: %s',
  (_about, listed) => {
    const { host, answer } = importedInto(hostAfter(), text(listed));
    expect(exported(host)).toEqual(listed);
    expect(namesOf(host)).not.toContain('dax0.0');
    expect(answer.skipped.map(({ reason }) => reason)).toContain('seed');
    expect(stateOf(hostAfter(printed(host, 'daxctl')))).toEqual(stateOf(host));
  },
);

test('[IMP14] in whichever order it is listed', () => {
  const texts = [text(RI), text([seed('dax0.0')]), text([{ id: 0, devices: [seed('dax0.0')] }])];
  const state = stateOf(hostAfter(...texts));
  for (const order of [[...texts].reverse(), [texts[1]!, texts[0]!, texts[2]!]])
    expect(stateOf(hostAfter(...order))).toEqual(state);
});

test('it is one no more when it has a size, and a device that has none any more is one', () => {
  const grown = [region(0, [dax('dax0.1', 8 * GIB), dax('dax0.0', 4 * GIB)])];
  expect(exported(hostAfter(text(RI), text(grown)))).toEqual(grown);
  const shrunk = hostAfter(text(grown), text(RI));
  expect(exported(shrunk)).toEqual(RI);
  expect(shrunk.made.host.tables.dax_devices.get('dax0.0')).toMatchObject({ state: 'gone' });
});

test('[IMP18] it is gone with a complete listing that shows what has no driver, and not it', () => {
  const after = (listed: readonly object[]) =>
    exported(importedInto(hostAfter(text(RI)), text(listed), true).host);
  const other = [region(0, [dax('dax0.1', 8 * GIB), seed('dax0.2')])];
  expect(after(other)).toEqual(other);
  expect(after([region(0, [dax('dax0.1', 8 * GIB)])])).toEqual(RI);
});
