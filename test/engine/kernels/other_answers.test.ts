import { expect, test } from 'vitest';
import { PROBES } from '../../../src/engine/kernels/probes.ts';

test('[KREL5] an answer that is none to what is asked proves nothing', () => {
  for (const { kind, where, tells } of PROBES) {
    const other = kind === 'sysfs' ? 'pointer' : 'online';
    expect([where, tells(other, () => other)]).toEqual([where, {}]);
  }
});
