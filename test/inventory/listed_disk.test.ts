import { describe, expect, test } from 'vitest';
import { hostAfter, importedInto, printed, stateOf, type PlayedHost } from './support/played.ts';

const UUID = '11111111-2222-4333-8444-555555555591';
const IN_MODE = {
  fsdax: { mode: 'fsdax', map: 'dev', size: 1054867456, uuid: UUID, align: 2097152 },
  raw: { mode: 'raw', size: 1073741824, uuid: UUID, sector_size: 512 },
  sector: { mode: 'sector', size: 1071644672, uuid: UUID, sector_size: 4096 },
} as const;
type Mode = keyof typeof IN_MODE;
const MODES = Object.keys(IN_MODE) as Mode[];

/** `ndctl list` of namespace1.0, with what more is told of it. */
const listing = (mode: Mode, more: object = {}): string =>
  JSON.stringify([{ dev: 'namespace1.0', ...IN_MODE[mode], ...more }]);
const diskIn = (mode: Mode): string => (mode === 'sector' ? 'pmem1s' : 'pmem1');

const namesOf = ({ made }: PlayedHost): readonly string[] => [...made.host.tables.dax_devices.keys()];
const exported = (host: PlayedHost): unknown => JSON.parse(printed(host, 'ndctl'));
const diskOf = (host: PlayedHost): unknown => (exported(host) as [{ blockdev?: unknown }])[0].blockdev;

function unbind({ made }: PlayedHost, dax_device: string): void {
  made.run({ type: 'remove_dax_device', dax_device, trigger: 'unbind' });
  for (;;) {
    const [running] = made.host.tables.removals.where(({ state }) => state === 'running');
    if (running === undefined) return;
    made.run({ type: 'advance_removal', removal: running.id });
  }
}

function bind({ made }: PlayedHost, dax_device: string, mode: Mode | 'devdax'): void {
  made.run({ type: 'bind', dax_device, mode });
}

describe('[IMP69] a disk is exported as it was listed', () => {
  const disks = [undefined, 'pmem1', 'pmem1s', 'pmem7', 'pmem1.3s', 7];
  test.each(MODES.flatMap((mode) => disks.map((blockdev) => [mode, blockdev] as const)))(
    'in mode %s, as %s',
    (mode, blockdev) => {
      const text = listing(mode, { blockdev });
      const host = hostAfter(text);
      expect(exported(host)).toEqual(JSON.parse(text));
      const { answer } = importedInto(host, printed(host, 'ndctl'));
      expect(answer.devices).toMatchObject([{ change: 'unchanged' }]);
    },
  );

  test.each(MODES)('of a %s namespace without a driver, also where that lists one', (mode) => {
    const text = listing(mode, { align: undefined, state: 'disabled', blockdev: diskIn(mode) });
    expect(exported(hostAfter(text))).toEqual(JSON.parse(text));
  });

  test.each(MODES)('and not any more when a %s namespace has no driver, until it has one again', (mode) => {
    const told = mode === 'sector' ? 'pmem1' : 'pmem1s';
    const host = hostAfter(listing(mode, { blockdev: told }));
    const [name] = namesOf(host) as [string];
    unbind(host, name);
    expect(diskOf(host)).toBeUndefined();
    bind(host, name, mode);
    expect(diskOf(host)).toBe(told);
  });
});

describe('[IMP69] a disk that no listing shows as it is has the name that the kernel gives it', () => {
  const DISABLED = { state: 'disabled' };

  test.each(MODES)('where a %s namespace was listed without a driver, last', (mode) => {
    const host = hostAfter(listing(mode, { blockdev: diskIn(mode) }), listing(mode, DISABLED));
    expect([namesOf(host), diskOf(host)]).toEqual([['pmem1'], undefined]);
    bind(host, 'pmem1', mode);
    expect(diskOf(host)).toBe(diskIn(mode));
  });

  test.each(MODES.flatMap((from) => MODES.filter((to) => to !== from).map((to) => [from, to] as const)))(
    'where it was given from %s to %s',
    (from, to) => {
      const host = hostAfter(listing(from, { blockdev: diskIn(from) }));
      unbind(host, 'pmem1');
      bind(host, 'pmem1', to);
      expect(diskOf(host)).toBe(diskIn(to));
    },
  );

  test('where it was a dax device', () => {
    const devdax = { mode: 'devdax', size: 1054867456, align: 2097152, chardev: 'dax1.2' };
    const host = hostAfter(JSON.stringify([{ dev: 'namespace1.2', ...devdax }]));
    unbind(host, 'dax1.2');
    bind(host, 'dax1.2', 'sector');
    expect(diskOf(host)).toBe('pmem1.2s');
  });

  test('and none where the device is known by its namespace alone', () => {
    const host = hostAfter(listing('raw', DISABLED));
    bind(host, 'namespace1.0', 'raw');
    expect(diskOf(host)).toBeUndefined();
    expect(namesOf(importedInto(host, listing('raw', { blockdev: 'pmem1' })).host)).toEqual(['pmem1']);
  });
});

describe('[IMP14] [IMP47] a disk that one listing tells and another does not', () => {
  test.each(MODES)('of a %s namespace: the device is its, in either order', (mode) => {
    const [told, untold] = [listing(mode, { blockdev: diskIn(mode) }), listing(mode)];
    const host = hostAfter(told);
    expect(namesOf(host)).toEqual(['pmem1']);
    for (const texts of [[told, untold], [untold, told], [`${untold}\n${told}`], [`${told}\n${untold}`]])
      expect(stateOf(hostAfter(...texts))).toEqual(stateOf(host));
  });

  test('what names the device follows it', () => {
    const { answer } = importedInto(hostAfter(listing('fsdax')), listing('fsdax', { blockdev: 'pmem1' }));
    expect(answer.devices).toMatchObject([{ name: 'pmem1', previous_name: 'namespace1.0' }]);
  });

  test.each([
    ['another content', listing('fsdax', { uuid: UUID.replaceAll('5', '6') })],
    ['in another mode', listing('raw')],
    ['without a driver', listing('fsdax', { state: 'disabled', size: undefined })],
  ])('is not kept of %s', (_about, text) => {
    expect(exported(hostAfter(listing('fsdax', { blockdev: 'pmem1' }), text))).toEqual(JSON.parse(text));
  });
});
