import { KMEM_V510, KMEM_V61, KMEM_V612, KMEM_V73 } from './kmem.ts';
import { CXL_V61, CXL_V612, CXL_V73, NO_CXL } from './cxl.ts';
import { COST_POSTED, COST_V510, COST_V61, COST_V612, COST_V73 } from './cost.ts';
import {
  MEMORY_FAILURE_SERIES,
  MEMORY_FAILURE_V510,
  MEMORY_FAILURE_V61,
  MEMORY_FAILURE_V612,
  MEMORY_FAILURE_V73,
} from './memory_failure.ts';
import type { ByLevel, Effect, Facts, GupByLevel } from './profile.ts';
import { REPURPOSE_V510, REPURPOSE_V73 } from './repurpose.ts';

/**
 * Named facts of each kernel. Source: SPEC.md H and C3-C5, read from the kernels named there and
 * shown by the recordings stale-op-* and pin-*.
 */
const ok: Effect = { do: 'ok' };
const livelock = { do: 'livelock' } as const;
const efault = { do: 'errno', errno: 'EFAULT' } as const;
const eio = { do: 'errno', errno: 'EIO' } as const;
const bothOk: ByLevel = { pte: ok, pmd: ok };

function stuck(at: string): Extract<Effect, { do: 'oops' }> {
  return { do: 'oops', at, task: 'stuck' };
}
function dies(at: string): Extract<Effect, { do: 'oops' }> {
  return { do: 'oops', at, task: 'dies' };
}

/** Slow gup on a stale entry up to v6.12: a PTE spins in faultin_page(), a PMD answers EFAULT. */
const SLOW_GUP: GupByLevel = { pte: livelock, pmd: efault };

export const FACTS_V510: Facts = {
  devmap_bit: true,
  fsdax_idle_page_count: 1,
  gup_fast_takes_pgmap_ref: true,
  store_stale_shared_pte: ok,
  store_stale_shared_pmd_xfs: ok,
  store_stale_private: bothOk,
  mlock_stale: bothOk,
  gup_stale: {
    vmsplice: SLOW_GUP,
    direct_io: SLOW_GUP,
    madvise_hwpoison: SLOW_GUP,
    process_vm_readv: SLOW_GUP,
    ptrace: { pte: livelock, pmd: eio },
  },
  io_uring_register_stale: 'write_fault_first',
  zap_stale: { munmap: bothOk, exit: bothOk, madvise_dontneed: bothOk },
  smaps_stale: { pte: ok, pmd: dies('smaps_pte_range') },
  pagemap_stale: { pte: ok, pmd: dies('pagemap_pmd_range') },
  numa_maps_stale: bothOk,
  longterm_on_fsdax: 'EOPNOTSUPP',
  io_uring_longterm_on_devdax: 'EOPNOTSUPP',
  pin_release_after_removal: { vmsplice: null, io_uring: null, xdp: null },
  worker_oops_at: { io_uring: null, xdp: null },
  xfs_reflink_with_dax: 'EINVAL',
  bind_bound_errno: 'ENODEV',
  after_oops: 'goes_on',
  ext4_fsync_on_dead_device: 'EIO',
  ext4_error_sets_rdonly: true,
  ext4_writepages_aborted: 'EIO',
  per_node_mf_counters: false,
  auto_online_default: 'offline',
  kmem: KMEM_V510,
  cost: COST_V510,
  memory_failure: MEMORY_FAILURE_V510,
  cxl: NO_CXL,
  repurpose: REPURPOSE_V510,
};

/** The posted code: gup-fast takes no pgmap reference on a PMD and follows the stale one into a freed struct page. */
export const FACTS_POSTED: Facts = {
  ...FACTS_V510,
  cost: COST_POSTED,
  memory_failure: MEMORY_FAILURE_SERIES,
  gup_fast_takes_pgmap_ref: false,
  gup_stale: {
    ...FACTS_V510.gup_stale,
    vmsplice: { pte: livelock, pmd: stuck('__gup_device_huge') },
    direct_io: { pte: livelock, pmd: dies('__gup_device_huge') },
    madvise_hwpoison: { pte: livelock, pmd: dies('__gup_device_huge') },
  },
};

export const FACTS_V61: Facts = {
  ...FACTS_V510,
  cost: COST_V61,
  memory_failure: MEMORY_FAILURE_V61,
  io_uring_register_stale: 'EOPNOTSUPP',
  smaps_stale: { pte: ok, pmd: dies('try_grab_page') },
  pin_release_after_removal: {
    vmsplice: { drop: dies('page_cache_pipe_buf_release'), exit: stuck('page_cache_pipe_buf_release') },
    io_uring: null,
    xdp: { drop: ok, exit: ok },
  },
  worker_oops_at: { io_uring: null, xdp: 'unpin_user_pages_dirty_lock' },
  xfs_reflink_with_dax: 'whole_device',
  bind_bound_errno: 'EBUSY',
  ext4_fsync_on_dead_device: 'EIO_aborts_journal',
  ext4_error_sets_rdonly: false,
  ext4_writepages_aborted: 'EROFS',
  kmem: KMEM_V61,
  cxl: CXL_V61,
};

export const FACTS_V612: Facts = {
  ...FACTS_V61,
  cost: COST_V612,
  memory_failure: MEMORY_FAILURE_V612,
  smaps_stale: bothOk,
  io_uring_longterm_on_devdax: 'ok',
  pin_release_after_removal: {
    vmsplice: { drop: dies('page_cache_pipe_buf_release'), exit: stuck('page_cache_pipe_buf_release') },
    io_uring: { drop: stuck('io_buffer_unmap'), exit: ok },
    xdp: { drop: ok, exit: ok },
  },
  worker_oops_at: { io_uring: 'io_buffer_unmap', xdp: 'gup_folio_next' },
  per_node_mf_counters: true,
  auto_online_default: 'online',
  kmem: KMEM_V612,
  cxl: CXL_V612,
};

/** v7.3 has no devmap bit: a stale entry leads every walker to a struct page that is gone. */
export const FACTS_V73: Facts = {
  ...FACTS_V612,
  cost: COST_V73,
  memory_failure: MEMORY_FAILURE_V73,
  devmap_bit: false,
  fsdax_idle_page_count: 0,
  gup_fast_takes_pgmap_ref: false,
  store_stale_shared_pte: stuck('do_wp_page'),
  store_stale_shared_pmd_xfs: stuck('split_huge_pmd_locked'),
  store_stale_private: { pte: stuck('do_wp_page'), pmd: stuck('split_huge_pmd_locked') },
  mlock_stale: { pte: stuck('follow_page_pte'), pmd: stuck('__get_user_pages') },
  gup_stale: {
    vmsplice: { pte: dies('try_grab_folio_fast'), pmd: dies('try_grab_folio_fast') },
    direct_io: { pte: dies('try_grab_folio_fast'), pmd: dies('try_grab_folio_fast') },
    madvise_hwpoison: { pte: dies('try_grab_folio_fast'), pmd: dies('try_grab_folio_fast') },
    process_vm_readv: { pte: dies('follow_page_pte'), pmd: dies('__get_user_pages') },
    ptrace: { pte: dies('follow_page_pte'), pmd: dies('__get_user_pages') },
  },
  zap_stale: {
    munmap: { pte: stuck('__zap_vma_range'), pmd: stuck('vm_normal_folio_pmd') },
    exit: { pte: stuck('__zap_vma_range'), pmd: stuck('vm_normal_folio_pmd') },
    madvise_dontneed: { pte: stuck('__zap_vma_range'), pmd: stuck('vm_normal_folio_pmd') },
  },
  smaps_stale: { pte: dies('smaps_account'), pmd: dies('smaps_pte_range') },
  pagemap_stale: { pte: dies('pagemap_pmd_range'), pmd: dies('pagemap_pmd_range') },
  numa_maps_stale: { pte: dies('gather_pte_stats'), pmd: dies('gather_pte_stats') },
  pin_release_after_removal: {
    vmsplice: { drop: dies('page_cache_pipe_buf_release'), exit: dies('page_cache_pipe_buf_release') },
    io_uring: { drop: dies('io_release_ubuf'), exit: ok },
    xdp: { drop: ok, exit: ok },
  },
  worker_oops_at: { io_uring: 'io_release_ubuf', xdp: 'unpin_user_pages_dirty_lock' },
  after_oops: 'rcu_never_ends',
  kmem: KMEM_V73,
  cxl: CXL_V73,
  repurpose: REPURPOSE_V73,
};
