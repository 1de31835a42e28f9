import type { KernelFunction } from './kernel_functions.ts';

/** The steps of a removal in their order, by what is removed. */
export interface StepLists {
  readonly fsdax: readonly KernelFunction[];
  readonly devdax: readonly KernelFunction[];
  /** A devdax that goes with its dax_pmem, or dax region. */
  readonly devdax_parent: readonly KernelFunction[];
  readonly raw: readonly KernelFunction[];
  readonly system_ram: readonly KernelFunction[];
  readonly system_ram_parent: readonly KernelFunction[];
  /** Before the steps of a device that goes with its CXL region. */
  readonly cxl_region: readonly KernelFunction[];
  /** Around those of one that goes with its memdev: the last stands behind them. */
  readonly cxl_memdev: readonly KernelFunction[];
}
