import { expect, test } from 'vitest';
import { fileOf, deviceOf } from '../../src/engine/model/lookup.ts';
import { mounted } from './rig.ts';
import { DEVICE, MIB } from './support.ts';

/** How far into its device the first file begins, in MiB. */
function firstFile(fs_type: 'ext4' | 'xfs', size: number, file = 4 * MIB): number {
  const rig = mounted('v6.12', { device: { size }, mount: { fs_type } });
  const { host } = rig.made;
  const [extent] = fileOf(host, rig.file('/a', file)).extents;
  return ((extent!.pfn - deviceOf(host, DEVICE).base_pfn) * 4096) / MIB;
}

test('[ALLOC1] the first file of an ext4 lies in its second block group, of an xfs behind its metadata', () => {
  expect([firstFile('ext4', 1006 * MIB), firstFile('xfs', 1006 * MIB)]).toEqual([130, 8]);
});

test('[ALLOC1] of an ext4 of one block group, or where the file is too large, behind its metadata as well', () => {
  expect([firstFile('ext4', 128 * MIB), firstFile('ext4', 256 * MIB, 200 * MIB)]).toEqual([8, 8]);
});
