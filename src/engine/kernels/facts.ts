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
import { dies, ok, stuck } from './effect.ts';
import type { Facts } from './profile.ts';
import { REPURPOSE_V510, REPURPOSE_V73 } from './repurpose.ts';

/**
 * Named facts of each kernel. Source: C3-C5, read from the kernels named there and
 * shown by the recordings stale-op-* and pin-*.
 */
type Shared = Omit<Facts, 'stale' | 'stale_store'>;

export const FACTS_V510: Shared = {
  devmap_bit: true,
  fsdax_idle_page_count: 1,
  gup_fast_takes_pgmap_ref: true,
  io_uring_register_stale: 'write_fault_first',
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

export const FACTS_POSTED: Shared = {
  ...FACTS_V510,
  cost: COST_POSTED,
  memory_failure: MEMORY_FAILURE_SERIES,
  gup_fast_takes_pgmap_ref: false,
};

export const FACTS_V61: Shared = {
  ...FACTS_V510,
  cost: COST_V61,
  memory_failure: MEMORY_FAILURE_V61,
  io_uring_register_stale: 'EOPNOTSUPP',
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

export const FACTS_V612: Shared = {
  ...FACTS_V61,
  cost: COST_V612,
  memory_failure: MEMORY_FAILURE_V612,
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
export const FACTS_V73: Shared = {
  ...FACTS_V612,
  cost: COST_V73,
  memory_failure: MEMORY_FAILURE_V73,
  devmap_bit: false,
  fsdax_idle_page_count: 0,
  gup_fast_takes_pgmap_ref: false,
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
