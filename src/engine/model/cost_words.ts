/** What was removed, as far as recordings tell removals apart by the time they took. */
export type CostWorkload = 'ext4' | 'xfs' | 'xfs_rmapbt' | 'system_ram' | 'cxl';

/** What an estimate of a removal's time multiplies; `constant` stands for 1. */
export const COST_TERMS = [
  'constant',
  'mapped_mib_by_pte',
  'mapped_mib_by_pmd',
  'device_pfns',
  'pages',
  'armed_pages',
  'kills',
] as const;

/** One factor of an estimate. */
export type CostTerm = (typeof COST_TERMS)[number];
