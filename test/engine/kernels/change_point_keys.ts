/** Keys that the tables spell otherwise. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  'steps.fsdax.pgmap_drain.wait_in': ['steps.blk_cleanup_queue.wait_in', 'lists.fsdax'],
  'steps.*.pgmap_drain.waits_for': ['steps.memunmap_pages.waits_for'],
  'smaps_stale.pmd': ['stale.smaps'],
  smaps_stale: ['stale.smaps'],
  'notify (the step, with mf_flags 0, early_kill_or_current, if_collected, freeze false, first_page_of_entry, corrupt_ondisk 0x10)':
    ['lists.fsdax', 'steps.dax_holder_notify_failure.mf_flags'],
  notify: ['lists.fsdax'],
  'steps.{fsdax,raw}.del_gendisk.shuts_fs_down': ['steps.del_gendisk.shuts_fs_down'],
  store_stale_shared_pte: ['stale_store.shared_ext4'],
  store_stale_shared_pmd_xfs: ['stale_store.shared_xfs'],
  store_stale_private: ['stale_store.private'],
  mlock_stale: ['stale.mlock'],
  'gup_stale.*': ['stale.vmsplice', 'stale.direct_io', 'stale.process_vm_readv', 'stale.ptrace'],
  'zap_stale.*': ['stale.munmap', 'stale.exit', 'stale.madvise_dontneed'],
  'pagemap_stale.pte': ['stale.pagemap'],
  numa_maps_stale: ['stale.numa_maps'],
  after_oops: [
    'stale.munmap',
    'stale.exit',
    'stale.madvise_dontneed',
    'stale.mlock',
    'stale_store.shared_ext4',
  ],
  'repurpose.zap_of_ram.pmd': ['repurpose.zap_of_ram'],
  'pin_release_after_removal.io_uring.drop': ['pin_release_after_removal.io_uring'],
  'pin_release_after_removal.vmsplice.exit': ['pin_release_after_removal.vmsplice'],
  'steps.cxl_memdev.cxl_decoder_detach.kernel_function': ['lists.cxl_memdev'],
};

/** What no table has, and why. */
export const NOT_MODELLED: Readonly<Record<string, string>> = {
  ext4_clean_fsync_on_dead_btt: 'a btt is no DAX device',
  fsdax_idle_page_count: 'counts of pages are not shown; what follows from them is',
  devmap_bit: 'the bit is not shown; what each walk does without it is',
  gup_fast_takes_pgmap_ref: 'the reference is not shown; what gup does at a stale entry is',
  'notify.unmap': 'told by collect and mf_flags: both changed with the same commit',
  'notify.freeze': 'told by mf_flags: both changed with the same commit',
};

/** The rows of the tables that a key of a change point is. */
export function rowsOf(key: string): readonly string[] {
  return ROWS[key] ?? [key.replace(/^notify\./, 'steps.dax_holder_notify_failure.')];
}
