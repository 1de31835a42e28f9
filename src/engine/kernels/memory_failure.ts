import { CHANGES } from './changes.ts';
import { row } from './row.ts';

const current = 'current_only' as const;
const orEarly = 'early_kill_or_current' as const;
const outside = 'outside_kernel_control' as const;

/** memory_failure() and badblocks: mm/memory-failure.c, drivers/nvdimm/pmem.c, drivers/acpi/nfit/mce.c. */
// biome-ignore format: a table is read by its columns
export const MEMORY_FAILURE = {
  //                             v5.10      letter     posted     armed      v6.1             v6.12               v7.3
  /** On a DAX page only the process of `current` is a victim, or also every process with an early policy. */
  dax_victims:              row([current,   current,   current,   orEarly,   orEarly,         orEarly,            orEarly],               'task_early_kill()',                                           'M1, M2',   CHANGES.early_kill),
  /** MADV_HWPOISON calls with MF_ACTION_REQUIRED: on system RAM its caller is then a victim at once. */
  madvise_action_required:  row([false,     false,     false,     false,     false,           true,               true],                  'madvise_inject_error()',                                      'M53',      CHANGES.madvise_required),
  /** What madvise steps over at once: a base page, or the folio or compound page it lies in. */
  madvise_step_fsdax:       row(['page',    'page',    'page',    'page',    'page',          'page',             'folio'],               'madvise_inject_error()',                                      'M12',      CHANGES.refcounted),
  madvise_step_devdax:      row(['page',    'page',    'page',    'page',    'compound',      'compound',         'compound'],            'madvise_inject_error()',                                      'M34',      CHANGES.compound_devmap),
  /** A file system that handles its own pages: pgmap->ops->memory_failure, dax_holder_notify_failure(). */
  fs_hook:                  row(['none',    'none',    'none',    'none',    'xfs_rmapbt',    'xfs_rmapbt',       'xfs_rmapbt'],          'memory_failure_dev_pagemap(), pmem_pagemap_memory_failure()', 'M28',      CHANGES.notify_failure),
  /** The page that victims, si_addr and the unmapped range are computed for. */
  fsdax_page:               row(['page',    'page',    'page',    'page',    'page',          'page',             'folio_head'],          'memory_failure_dev_pagemap(), mf_generic_kill_procs()',       'MF8',      CHANGES.refcounted),
  devdax_page:              row(['page',    'page',    'page',    'page',    'compound_head', 'compound_head',    'compound_head'],       'memory_failure_dev_pagemap(), mf_generic_kill_procs()',       'M34',      CHANGES.compound_devmap),
  /** dev_pagemap_mapping_shift() without the devmap test: who owns a copied page is signalled too. */
  private_cow_signalled:    row([false,     false,     false,     false,     false,           false,              true],                  'dev_pagemap_mapping_shift()',                                 'M6',       CHANGES.refcounted),
  /** HardwareCorrupted grows with each DAX page handled. */
  counts_dax:               row([false,     false,     false,     false,     true,            true,               true],                  'action_result()',                                             'M48',      CHANGES.counts_dax),
  /** clear_hwpoisoned_pages() while sections are torn down. */
  teardown_lowers_counter:  row([true,      true,      true,      true,      true,            false,              false],                 'clear_hwpoisoned_pages()',                                    'M45',      CHANGES.hwpoison_of_block),
  /**
   * HardwareCorrupted after a removal under a poisoned xfs with rmapbt: the source does not say what it is on the
   * series.
   */
  poisoned_rmapbt_teardown: row(['known',   'unknown', 'unknown', 'unknown', 'known',         'known',            'known'],               'clear_hwpoisoned_pages()',                                    'M46'),
  /** printk_ratelimited() of the series: 10 "recovery action" lines in 5 s. */
  log_rate_limited:         row([false,     true,      true,      true,      false,           false,              false],                 'action_result()',                                             'M49'),
  /** A pfn that no struct page describes. */
  no_struct_page:           row([outside,   outside,   outside,   outside,   outside,         outside,            'non_struct_page_pfn'], 'memory_failure(), memory_failure_pfn()',                      'M39',      CHANGES.no_struct_page),
  /** A page of system RAM that is poisoned already, and one that nobody uses. */
  ram_already_poisoned:     row(['ok',      'ok',      'ok',      'ok',      'EHWPOISON',     'EHWPOISON_failed', 'EHWPOISON_failed'],    'memory_failure(), kill_accessing_process()',                  'M58',      CHANGES.already_poisoned, CHANGES.mf_messages),
  ram_free_page:            row(['Delayed', 'Delayed', 'Delayed', 'Delayed', 'Recovered',     'Recovered',        'Recovered'],           'memory_failure(), take_page_off_buddy()',                     'M56',      CHANGES.off_buddy),
  /** A DAX fault that meets a badblock: si_addr_lsb of BUS_MCEERR_AR, or null for BUS_ADRERR. */
  badblock_fault_lsb:       row([null,      null,      null,      null,      null,            12,                 12],                    'dax_fault_return(), dax_mem2blk_err()',                       'M16',      CHANGES.fault_hwpoison),
  /** pwrite over a badblock: refused, or tried with DAX_RECOVERY_WRITE. */
  badblock_pwrite:          row(['EIO',     'EIO',     'EIO',     'EIO',     'recovery',      'recovery',         'recovery'],            'dax_iomap_rw(), pmem_recovery_write()',                       'M20, M21', CHANGES.recovery_write),
  /** Sectors that are added for a page. */
  mce_badblock_sectors:     row([1,         1,         1,         1,         8,               8,                  8],                     'nfit_handle_mce()',                                           'M41',      CHANGES.mce_misc),
};
