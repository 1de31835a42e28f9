import type { CostTerm, CostWorkload } from '../model/vocabulary.ts';

/**
 * What the recorded removals took, as fits. Source: COST1-COST5, the recordings cost-*. The machines
 * were emulated: seconds compare only with each other.
 */

/** seconds = the sum of coefficient times term; `within`: it may be off by this factor, either way. */
export interface CostFit {
  readonly coefficients: Readonly<Partial<Record<CostTerm, number>>>;
  readonly within: number;
  readonly source: string;
}

/** By the size of most entries; a text says why there is no fit. */
interface CostRow {
  readonly pte: CostFit | string;
  readonly pmd: CostFit | string;
}
export type CostFacts = Readonly<Record<CostWorkload, CostRow>>;

function both<T extends CostFit | string>(fit: T): { readonly pte: T; readonly pmd: T } {
  return { pte: fit, pmd: fit };
}

/** Flush and teardown of a file system of which nothing is unmapped. */
function teardown(constant: number, pte: number, pmd: number, source: string) {
  const coefficients = { constant, mapped_mib_by_pte: pte, mapped_mib_by_pmd: pmd };
  return both<CostFit>({ coefficients, within: 1.4, source });
}

/** Recorded once for all kernels: kmem unbind 0.01-0.11 s, cxl unbind 0.05-0.16 s. */
const WITHOUT_FILE_SYSTEM = {
  system_ram: both({ coefficients: { constant: 0.033 }, within: 3.4, source: 'kmem-unbind-*' }),
  cxl: both({ coefficients: { constant: 0.09 }, within: 1.8, source: 'cxl-*' }),
};

const EXT4_V510 = teardown(0.16, 3.6e-4, 1e-5, 'cost-ext4-*@5.10');
const XFS_V510 = teardown(0.13, 1.17e-3, 5e-5, 'cost-xfs-rmapbt-*@5.10');

export const COST_V510: CostFacts = {
  ...WITHOUT_FILE_SYSTEM,
  ext4: EXT4_V510,
  xfs: XFS_V510,
  xfs_rmapbt: XFS_V510,
};

/** dev_pagemap_failure() visits every pfn of the device: 2e-7 to 9e-7 s each. */
function everyPfn({ coefficients }: CostFit, armed: boolean, source: string) {
  const kills = armed ? { armed_pages: 1.1e-5, kills: 2.4e-4 } : {};
  return both<CostFit>({
    coefficients: { ...coefficients, device_pfns: 4.2e-7, ...kills },
    within: 2.2,
    source,
  });
}

const NOT_RECORDED = 'no such removal was recorded on this kernel';

export const COST_POSTED: CostFacts = {
  ...WITHOUT_FILE_SYSTEM,
  ext4: everyPfn(EXT4_V510.pte, false, 'cost-ext4-*@force-unmap-v5.10'),
  xfs: both(NOT_RECORDED),
  xfs_rmapbt: both(NOT_RECORDED),
};

const XFS_ARMED: CostRow = {
  pte: everyPfn(XFS_V510.pte, true, 'cost-xfs-rmapbt-512MiB-pte@force-unmap-v5.12').pte,
  pmd: NOT_RECORDED,
};

export const COST_ARMED: CostFacts = {
  ...WITHOUT_FILE_SYSTEM,
  ext4: everyPfn(EXT4_V510.pte, true, 'cost-ext4-*@force-unmap-v5.12'),
  xfs: XFS_ARMED,
  xfs_rmapbt: XFS_ARMED,
};

const NO_RECORDINGS = 'the profile is of the letter: no kernel of it was recorded';

export const COST_LETTER: CostFacts = {
  ext4: both(NO_RECORDINGS),
  xfs: both(NO_RECORDINGS),
  xfs_rmapbt: both(NO_RECORDINGS),
  system_ram: both(NO_RECORDINGS),
  cxl: both(NO_RECORDINGS),
};

const XFS_BASE = { mapped_mib_by_pte: 8.6e-4, mapped_mib_by_pmd: 1.3e-4 };

export const COST_V61: CostFacts = {
  ...WITHOUT_FILE_SYSTEM,
  ext4: teardown(0.12, 3.3e-4, 2e-5, 'cost-ext4-*@6.1'),
  xfs: both(NOT_RECORDED),
  xfs_rmapbt: {
    pte: {
      coefficients: { constant: 0.17, ...XFS_BASE },
      within: 1.4,
      source: 'cost-xfs-rmapbt-*-pte@6.1',
    },
    pmd: { coefficients: { constant: 0.2, ...XFS_BASE }, within: 1.4, source: 'cost-xfs-rmapbt-*-pmd@6.1' },
  },
};

/** mf_dax_kill_procs() visits every page of every file in core, and prints and signals once per kill. */
const KILL_WALK = { ...XFS_BASE, pages: 1.5e-6, kills: 1.03e-4 };
const XFS_KILLED: CostRow = {
  pte: {
    coefficients: { constant: 0.17, ...KILL_WALK },
    within: 1.02,
    source: 'cost-xfs-rmapbt-*-pte@6.12',
  },
  pmd: { coefficients: { constant: 0.2, ...KILL_WALK }, within: 2.5, source: 'cost-xfs-rmapbt-*-pmd@6.12' },
};

export const COST_V612: CostFacts = {
  ...WITHOUT_FILE_SYSTEM,
  ext4: teardown(0.13, 3.5e-4, 0, 'cost-ext4-*@6.12'),
  xfs: both(NOT_RECORDED),
  xfs_rmapbt: XFS_KILLED,
};

/** With one allocation group as v6.12. */
export const COST_V73: CostFacts = {
  ...WITHOUT_FILE_SYSTEM,
  ext4: teardown(0.1, 5.5e-4, 1e-5, 'cost-ext4-*@7.3'),
  xfs: both(NOT_RECORDED),
  xfs_rmapbt: XFS_KILLED,
};
