import { describe, expect, test } from 'vitest';
import { permutationsOf } from './support/permutations.ts';
import { hostAfter, hostOfRelease, stateOf } from './support/played.ts';

const UBUNTU = '6.8.0-45-generic';
const region = (name: string, type: string, at: number) =>
  JSON.stringify([
    { region: name, resource: at * 2 ** 36, size: 2 ** 30, type, interleave_ways: 1, decode_state: 'commit' },
  ]);
const PMEM = region('region5', 'pmem', 1);
const RAM = region('region6', 'ram', 2);
const OTHER_RAM = region('region7', 'ram', 3);
const KERNEL = JSON.stringify({ kernel_release: UBUNTU });
const PROBES = JSON.stringify({
  kernel_probes: { sysfs: { '/sys/bus/cxl/devices/region6/mode': 'ram' } },
});

describe('[IMP14] what listings tell of the host itself, no order decides', () => {
  test.each([
    ['regions of one type', [RAM, OTHER_RAM]],
    ['regions of both types', [PMEM, RAM, OTHER_RAM]],
    ['regions, and what was looked up', [PMEM, RAM, PROBES]],
  ])('[KREL9] %s', (_what, texts) => {
    const [first, ...others] = permutationsOf(texts).map((order) => stateOf(hostOfRelease(UBUNTU, ...order)));
    for (const other of others) expect(other).toEqual(first);
  });

  test('[KREL9] regions, and which kernel shows them', () => {
    const hosts = permutationsOf([RAM, KERNEL]).map((order) => hostAfter(...order));
    const [probes, ...others] = hosts.map(
      ({ made }) => [...made.host.tables.hosts.values()][0]!.kernel_probes,
    );
    expect(probes).toMatchObject({ sysfs: { '/sys/bus/cxl/devices/regionN/mode': 'ram' } });
    expect(others).toEqual([probes]);
    expect(stateOf(hosts[0]!)).toEqual(stateOf(hosts[1]!));
  });
});
