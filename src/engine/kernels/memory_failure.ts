/**
 * memory_failure() and badblocks by kernel: M1-M60, MF1-MF18.
 * Source: mm/memory-failure.c, drivers/nvdimm/pmem.c, drivers/acpi/nfit/mce.c of the kernels named.
 */
export interface MemoryFailureFacts {
  /** task_early_kill(): on a DAX page `current` alone, or also every process with an early policy (M2). */
  readonly dax_victims: 'current_only' | 'early_kill_or_current';
  /** Whether MADV_HWPOISON calls with MF_ACTION_REQUIRED: on system RAM its caller is then a victim at once. */
  readonly madvise_action_required: boolean;
  /** What madvise steps over at once: a base page, or the folio or compound page it lies in (M12). */
  readonly madvise_step_fsdax: 'page' | 'folio';
  readonly madvise_step_devdax: 'page' | 'compound';
  /** A file system that handles its own pages: pgmap->ops->memory_failure → dax_holder_notify_failure(). */
  readonly fs_hook: 'none' | 'xfs_rmapbt';
  /** The page that victims, si_addr and the unmapped range are computed for (MF8). */
  readonly fsdax_page: 'page' | 'folio_head';
  readonly devdax_page: 'page' | 'compound_head';
  /** dev_pagemap_mapping_shift() without the devmap test: who owns a copied page is signalled too (M6). */
  readonly private_cow_signalled: boolean;
  /** Whether HardwareCorrupted grows with each DAX page handled. */
  readonly counts_dax: boolean;
  /** clear_hwpoisoned_pages() while sections are torn down (M45). */
  readonly teardown_lowers_counter: boolean;
  /** HardwareCorrupted after a removal under a poisoned xfs with rmapbt: the source does not know it of the series (M46). */
  readonly poisoned_rmapbt_teardown: 'known' | 'unknown';
  /** printk_ratelimited() of the series: 10 "recovery action" lines in 5 s. */
  readonly log_rate_limited: boolean;
  /** A pfn that no struct page describes (M39). */
  readonly no_struct_page: 'outside_kernel_control' | 'non_struct_page_pfn';
  /** A page of system RAM that is poisoned already, and one that nobody uses (M56, M58). */
  readonly ram_already_poisoned: 'ok' | 'EHWPOISON' | 'EHWPOISON_failed';
  readonly ram_free_page: 'Delayed' | 'Recovered';
  /** A DAX fault that meets a badblock: si_addr_lsb of BUS_MCEERR_AR, or null for BUS_ADRERR. */
  readonly badblock_fault_lsb: number | null;
  /** pwrite over a badblock: refused, or tried with DAX_RECOVERY_WRITE. */
  readonly badblock_pwrite: 'EIO' | 'recovery';
  /** Sectors that nfit_handle_mce() adds for a page. */
  readonly mce_badblock_sectors: 1 | 8;
}

export const MEMORY_FAILURE_V510: MemoryFailureFacts = {
  dax_victims: 'current_only',
  madvise_action_required: false,
  madvise_step_fsdax: 'page',
  madvise_step_devdax: 'page',
  fs_hook: 'none',
  fsdax_page: 'page',
  devdax_page: 'page',
  private_cow_signalled: false,
  counts_dax: false,
  teardown_lowers_counter: true,
  poisoned_rmapbt_teardown: 'known',
  log_rate_limited: false,
  no_struct_page: 'outside_kernel_control',
  ram_already_poisoned: 'ok',
  ram_free_page: 'Delayed',
  badblock_fault_lsb: null,
  badblock_pwrite: 'EIO',
  mce_badblock_sectors: 1,
};

/** The series of 2021 limits what memory_failure() prints. */
export const MEMORY_FAILURE_SERIES: MemoryFailureFacts = {
  ...MEMORY_FAILURE_V510,
  poisoned_rmapbt_teardown: 'unknown',
  log_rate_limited: true,
};

/** The series with the victim selection of its own base. */
export const MEMORY_FAILURE_V512: MemoryFailureFacts = {
  ...MEMORY_FAILURE_SERIES,
  dax_victims: 'early_kill_or_current',
};

export const MEMORY_FAILURE_V61: MemoryFailureFacts = {
  ...MEMORY_FAILURE_V510,
  dax_victims: 'early_kill_or_current',
  madvise_step_devdax: 'compound',
  fs_hook: 'xfs_rmapbt',
  devdax_page: 'compound_head',
  counts_dax: true,
  ram_already_poisoned: 'EHWPOISON',
  ram_free_page: 'Recovered',
  badblock_pwrite: 'recovery',
  mce_badblock_sectors: 8,
};

export const MEMORY_FAILURE_V612: MemoryFailureFacts = {
  ...MEMORY_FAILURE_V61,
  madvise_action_required: true,
  teardown_lowers_counter: false,
  ram_already_poisoned: 'EHWPOISON_failed',
  badblock_fault_lsb: 12,
};

export const MEMORY_FAILURE_V73: MemoryFailureFacts = {
  ...MEMORY_FAILURE_V612,
  madvise_step_fsdax: 'folio',
  fsdax_page: 'folio_head',
  private_cow_signalled: true,
  no_struct_page: 'non_struct_page_pfn',
};
