import { expect, test } from 'vitest';
import { blockedBehind, type HeldLock } from '../../src/app/listing_lock.ts';
import { NO_PROBES, type KernelOfHost } from '../../src/engine/kernels/told.ts';
import type { CxlRegionType } from '../../src/engine/model/region_type.ts';
import {
  KERNEL_NAMES,
  type DeviceMode,
  type KernelName,
  type RemoveVia,
} from '../../src/engine/model/vocabulary.ts';

/** A removal that waits, as far as it matters here. */
function held(
  mode: DeviceMode,
  via: RemoveVia | null,
  provider = 'ACPI.NFIT',
  region?: { readonly type: CxlRegionType },
): readonly HeldLock[] {
  const lock = { removal: { uid: 'u', via }, device: { mode, provider }, region };
  return [lock] as unknown as readonly HeldLock[];
}

/** What a host's record says of a kernel that is a profile. */
function of(kernel: KernelName): KernelOfHost {
  return { kernel, kernel_release: null, kernel_probes: NO_PROBES };
}

test('[M161, CX11] ndctl sleeps behind the driver of a namespace, not behind that of a dax device', () => {
  const asked = [
    held('fsdax', null),
    held('raw', 'nd_pmem'),
    held('devdax', 'dax_pmem'),
    held('devdax', 'cxl_mem'),
    held('devdax', 'cxl_mem', 'CXL', { type: 'pmem' }),
  ];
  for (const locks of asked) expect(blockedBehind('ndctl', of('v6.12'), locks)).toBe('u');
  for (const locks of [
    [],
    held('devdax', null),
    held('system-ram', null),
    held('devdax', 'dax_pmem', 'hmem'),
    held('system-ram', 'cxl_pci', 'CXL', { type: 'ram' }),
  ])
    expect(blockedBehind('ndctl', of('v6.12'), locks)).toBeNull();
});

test('[M160] daxctl sleeps behind the driver of a dax device up to v6.1', () => {
  const sleeps = KERNEL_NAMES.filter(
    (kernel) => blockedBehind('daxctl', of(kernel), held('system-ram', null)) !== null,
  );
  expect(KERNEL_NAMES.filter((kernel) => !sleeps.includes(kernel))).toEqual(['v6.12', 'v7.3']);
  for (const kernel of KERNEL_NAMES)
    expect(blockedBehind('daxctl', of(kernel), held('fsdax', null))).toBeNull();
});
