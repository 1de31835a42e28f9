/** One memdev of a CXL region, in position order: where the region's share of its capacity starts (DPA), its serial. */
export interface IsetMember {
  readonly dpa: bigint;
  readonly serial: bigint;
}

const U32 = 2n ** 32n - 1n;
const U64 = 2n ** 64n - 1n;

/**
 * The interleave-set id that the kernel gives the nd region of a pmem CXL region: a Fletcher sum over its members.
 *
 * It ties the two regions together on every kernel; their names, both often `region0`, do not [M133].
 * Source: drivers/cxl/pmem.c cxl_pmem_region_probe(), drivers/nvdimm/core.c nd_fletcher64(), v6.12; equal to all
 * recorded ids of 6.1, 6.12 and 7.3 (cxl.region, cxl2.region).
 */
export function isetIdOf(members: readonly IsetMember[]): bigint {
  const words = members.flatMap(({ dpa, serial }) => [dpa & U32, dpa >> 32n, serial & U32, serial >> 32n]);
  let low = 0n;
  let high = 0n;
  for (const word of words) {
    low = (low + word) & U32;
    high = (high + low) & U64;
  }
  return ((high << 32n) & U64) | low;
}
