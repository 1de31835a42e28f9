import { describe, expect, test } from 'vitest';
import { hostAfter, importedInto, type PlayedHost, printed } from './support/played.ts';

/** A region of 16 GiB, of which the listing shows one namespace of 8 GiB: another is not shown. */
const SIZE = 8453619712;
type Bad = readonly (readonly [offset: number, length: number])[];

const sectors = (bad: Bad) => bad.reduce((sum, [, length]) => sum + length, 0);
const list = (bad: Bad) => bad.map(([offset, length]) => ({ offset, length }));
const told = (bad: Bad, isListed: boolean) => ({
  badblock_count: sectors(bad),
  ...(isListed ? { badblocks: list(bad) } : {}),
});
const OF_REGION: Bad = [
  [266340, 1],
  [266440, 2],
  [30000000, 2],
];
const OF_NAMESPACE: Bad = [
  [100, 1],
  [200, 2],
];

function listing(isListed: boolean, size = 17179869184): string {
  const namespace = { dev: 'namespace0.0', mode: 'fsdax', map: 'dev', size: SIZE, blockdev: 'pmem0' };
  const region = { dev: 'region0', size, available_size: 0, type: 'pmem' };
  const namespaces = [{ ...namespace, ...told(OF_NAMESPACE, isListed) }];
  return JSON.stringify({ regions: [{ ...region, ...told(OF_REGION, isListed), namespaces }] });
}

function inject(host: PlayedHost, sector: number, length = 1): void {
  const bytes = { offset: sector * 512, length: length * 512 };
  host.made.run({ type: 'memory_failure', dax_device: 'pmem0', ...bytes, source: 'inject_error' });
}

function clearAll(host: PlayedHost): void {
  host.made.run({ type: 'patch_dax_device', dax_device: 'pmem0', clears_poison: true });
  host.made.run({ type: 'clear_errors', dax_device: 'pmem0', offset: 0, length: SIZE });
}

interface Shown {
  readonly badblock_count?: number;
  readonly badblocks?: readonly object[];
}

function shown(host: PlayedHost): { region: Shown; namespace: Shown } {
  const { regions } = JSON.parse(printed(host, 'ndctl')) as {
    regions: [Shown & { namespaces: [Shown] }];
  };
  return { region: regions[0], namespace: regions[0].namespaces[0] };
}

function countsOf(host: PlayedHost): unknown {
  const { region, namespace } = shown(host);
  return [region.badblock_count, namespace.badblock_count];
}

/** The host after an import of its own export. */
function again(host: PlayedHost): PlayedHost {
  const { host: after, answer } = importedInto(host, printed(host, 'ndctl'));
  expect(answer.devices.map(({ change }) => change)).toEqual(['unchanged']);
  expect(printed(after, 'ndctl')).toBe(printed(host, 'ndctl'));
  return after;
}

describe('[IMP62] of a region in which the place of a namespace is not known', () => {
  test('only how many sectors are bad is shown after a change', () => {
    const host = hostAfter(listing(true));
    expect(shown(host).region).toMatchObject(told(OF_REGION, true));
    inject(host, 900);
    expect(shown(host).region.badblocks).toBeUndefined();
    expect(countsOf(host)).toEqual([6, 4]);
    expect(countsOf(again(host))).toEqual([6, 4]);
    clearAll(host);
    expect(countsOf(host)).toEqual([2, undefined]);
  });

  test('what fills it goes on with its list, from its own start', () => {
    const host = hostAfter(listing(true, 8 * 2 ** 30));
    inject(host, 900);
    const [one, two, other] = list(OF_REGION);
    expect(shown(host).region.badblocks).toEqual([one, two, { offset: 266240 + 900, length: 1 }, other]);
    clearAll(again(host));
    expect(shown(host).region).toMatchObject({ badblock_count: 2, badblocks: [other] });
  });
});

test('[IMP10] what is known beside a count without a list counts with it, once', () => {
  const host = hostAfter(listing(false));
  expect(countsOf(host)).toEqual([5, 3]);
  inject(host, 900);
  expect(countsOf(host)).toEqual([6, 4]);
  const after = again(again(host));
  expect(countsOf(after)).toEqual([6, 4]);
  inject(after, 901, 2);
  expect(countsOf(after)).toEqual([8, 6]);
  clearAll(after);
  expect(countsOf(after), 'those that nobody placed nobody cleared').toEqual([5, 3]);
});

test('[IMP62] what another mode puts in front of the data stays bad of the region', () => {
  const raw = { dev: 'namespace0.0', mode: 'raw', size: 2 ** 30, blockdev: 'pmem0' };
  const bad = told(
    [
      [8, 1],
      [41000, 8],
    ],
    true,
  );
  const region = { dev: 'region0', size: 2 ** 30, available_size: 0, type: 'pmem', ...bad };
  const host = hostAfter(JSON.stringify({ regions: [{ ...region, namespaces: [{ ...raw, ...bad }] }] }));
  host.made.run({ type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' });
  const removal = [...host.made.host.tables.removals.keys()].at(-1)!;
  while (host.made.host.tables.removals.get(removal)?.state === 'running')
    host.made.run({ type: 'advance_removal', removal });
  host.made.run({ type: 'bind', dax_device: 'pmem0', mode: 'fsdax' });
  expect(shown(host).namespace.badblocks).toEqual([{ offset: 41000 - 36864, length: 8 }]);
  expect(shown(host).region.badblocks).toEqual(bad.badblocks);
  again(host);
});
