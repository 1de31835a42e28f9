import { expect, test } from 'vitest';
import { kernelFound } from '../../../src/engine/kernels/shown.ts';

/** How often the probes of one kind are gone through while the kernel of a host with that many is shown. */
function passes(count: number): number {
  let seen = 0;
  const told = Object.fromEntries(Array.from({ length: count }, (_, at) => [`symbol_${String(at)}`, true]));
  const symbols = new Proxy(told, {
    ownKeys: (target) => {
      seen += 1;
      return Reflect.ownKeys(target);
    },
  });
  const { probes } = kernelFound({
    kernel: 'resolved',
    kernel_release: '6.8.0',
    kernel_probes: { symbols, btf: {}, sysfs: {} },
  });
  expect(probes).toHaveLength(count);
  return seen;
}

test('[KREL5] all probes of a host are read at once, not anew for each', () => {
  expect(passes(200)).toBe(passes(2));
});
