import { expect, test } from 'vitest';
import { kernelFound } from '../../../src/engine/kernels/shown.ts';

/** How often the probes of one kind are gone through while the kernel of a host with that many is shown. */
function passes(kind: 'symbols' | 'sysfs', count: number, nameOf: (at: number) => string): number {
  let seen = 0;
  const told = Object.fromEntries(Array.from({ length: count }, (_, at) => [nameOf(at), false]));
  const counted = new Proxy(told, {
    ownKeys: (target) => {
      seen += 1;
      return Reflect.ownKeys(target);
    },
  });
  const { probes } = kernelFound({
    kernel: 'resolved',
    kernel_release: '6.8.0',
    kernel_probes: { symbols: {}, btf: {}, sysfs: {}, [kind]: counted },
  });
  expect(probes).toHaveLength(count);
  return seen;
}

test.each([
  ['of no known name', 'symbols', (at: number) => `symbol_${String(at)}`],
  ['that prove nothing', 'sysfs', (at: number) => `/sys/bus/cxl/devices/region${String(at)}/mode`],
] as const)('[KREL5] all probes of a host %s are read at once, not anew for each', (_what, kind, nameOf) => {
  expect(passes(kind, 200, nameOf)).toBe(passes(kind, 2, nameOf));
});
