/** What gup-fast meets at a stale entry by PMD, and by PTE, whoever asks (R129, R130, R135). */
export const GUP = [
  ['v5.10', 'EFAULT', 'spins'],
  ['force-unmap-v5.10', 'oops __gup_device_huge', 'spins'],
  ['v6.1', 'EFAULT', 'spins'],
  ['v6.12', 'EFAULT', 'spins'],
  ['v7.3', 'oops try_grab_folio_fast, vm_normal_folio_pmd', 'oops try_grab_folio_fast, __zap_vma_range'],
] as const;
