import type { CostTerm, CostWorkload } from '../model/cost_words.ts';
import { CHANGES } from './changes.ts';
import { row, type ByKernel, type Row } from './row.ts';

/** seconds = the sum of coefficient times term; `within`: it may be off by this factor, either way. */
export interface CostFit {
  readonly coefficients: Readonly<Partial<Record<CostTerm, number>>>;
  readonly within: number;
  readonly source: string;
}

/** By the size of most entries; a text says why there is no fit. */
interface CostBySize {
  readonly pte: CostFit | string;
  readonly pmd: CostFit | string;
}
/** A fit belongs to the kernel that was recorded. */
const fits = (values: ByKernel<CostBySize>, source: string, rules: string): Row<CostBySize> => ({
  ...row(values, source, rules, CHANGES.measured),
  unrecorded: both('no removal was recorded on this kernel'),
});

function both(fit: CostFit | string): CostBySize {
  return { pte: fit, pmd: fit };
}

/** Flush and teardown of a file system of which nothing is unmapped: a start, and seconds by mapped MiB (COST2). */
function flush(constant: number, pte: number, pmd: number, source: string): CostFit {
  const coefficients = { constant, mapped_mib_by_pte: pte, mapped_mib_by_pmd: pmd };
  return { coefficients, within: 1.4, source };
}

/** dev_pagemap_failure() also visits every pfn of the device, 2e-7 to 9e-7 s each (COST4). */
function everyPfn({ coefficients }: CostFit, source: string): CostFit {
  return { coefficients: { ...coefficients, device_pfns: 4.2e-7 }, within: 2.2, source };
}

/** Where it signals, each mapped page and each kill costs too. */
function everyKill(fit: CostFit, source: string): CostFit {
  const visited = everyPfn(fit, source);
  return { ...visited, coefficients: { ...visited.coefficients, armed_pages: 1.1e-5, kills: 2.4e-4 } };
}

/** xfs with rmapbt from v6.1 on. mf_dax_kill_procs() visits every page in core, prints and signals each kill (COST3). */
const byWalk = { mapped_mib_by_pte: 8.6e-4, mapped_mib_by_pmd: 1.3e-4 };
const byKill = { ...byWalk, pages: 1.5e-6, kills: 1.03e-4 };
const xfsTold: CostBySize = {
  pte: { coefficients: { constant: 0.17, ...byWalk }, within: 1.4, source: 'cost-xfs-rmapbt-*-pte@6.1' },
  pmd: { coefficients: { constant: 0.2, ...byWalk }, within: 1.4, source: 'cost-xfs-rmapbt-*-pmd@6.1' },
};
const xfsKilled: CostBySize = {
  pte: { coefficients: { constant: 0.17, ...byKill }, within: 1.02, source: 'cost-xfs-rmapbt-*-pte@6.12' },
  pmd: { coefficients: { constant: 0.2, ...byKill }, within: 2.5, source: 'cost-xfs-rmapbt-*-pmd@6.12' },
};

const ext4At510 = flush(0.16, 3.6e-4, 1e-5, 'cost-ext4-*@5.10');
const xfsAt510 = flush(0.13, 1.17e-3, 5e-5, 'cost-xfs-rmapbt-*@5.10');
const at510 = both(ext4At510);
const xfs510 = both(xfsAt510);
const posted = both(everyPfn(ext4At510, 'cost-ext4-*@force-unmap-v5.10'));
const armed = both(everyKill(ext4At510, 'cost-ext4-*@force-unmap-v5.12'));
const at61 = both(flush(0.12, 3.3e-4, 2e-5, 'cost-ext4-*@6.1'));
const at612 = both(flush(0.13, 3.5e-4, 0, 'cost-ext4-*@6.12'));
const at73 = both(flush(0.1, 5.5e-4, 1e-5, 'cost-ext4-*@7.3'));

const never = both('no such removal was recorded on this kernel');
const letter = both('the profile follows the cover letter: there is no such kernel to record');
const xfsArmed = {
  pte: everyKill(xfsAt510, 'cost-xfs-rmapbt-512MiB-pte@force-unmap-v5.12'),
  pmd: never.pmd,
};

/** Recorded once for all kernels: kmem unbind 0.01-0.11 s, cxl unbind 0.05-0.16 s. */
const ram = both({ coefficients: { constant: 0.033 }, within: 3.4, source: 'kmem-unbind-*' });
const cxl = both({ coefficients: { constant: 0.09 }, within: 1.8, source: 'cxl-*' });

/**
 * What the recorded removals took, as fits. The machines were emulated: seconds compare only with each other.
 * Source: COST1-COST5, the recordings cost-*.
 */
// biome-ignore format: a table is read by its columns
export const COST = {
  //                v5.10   letter  posted  armed     v6.1     v6.12      v7.3
  ext4:       fits([at510,  letter, posted, armed,    at61,    at612,     at73],      'recordings cost-ext4-*',       'COST2, COST4'),
  xfs:        fits([xfs510, letter, never,  xfsArmed, never,   never,     never],     'recordings cost-xfs-*',        'COST1, COST2'),
  xfs_rmapbt: fits([xfs510, letter, never,  xfsArmed, xfsTold, xfsKilled, xfsKilled], 'recordings cost-xfs-rmapbt-*', 'COST3'),
  system_ram: fits([ram,    letter, ram,    ram,      ram,     ram,       ram],       'recordings kmem-unbind-*',     'COST5'),
  cxl:        fits([cxl,    letter, cxl,    cxl,      cxl,     cxl,       cxl],       'recordings cxl-*',             'COST5'),
} satisfies { readonly [Workload in CostWorkload]: Row<CostBySize> };
