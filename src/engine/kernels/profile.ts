import type { CxlFacts } from './cxl.ts';
import type { KmemFacts } from './kmem.ts';
import type { StepParameters } from '../model/removal.ts';
import type { KernelName, StepName } from '../model/vocabulary.ts';
import type { Column } from './column.ts';
import type { ByLevel, Effect } from './effect.ts';
import type { STALE, STALE_STORE } from './stale.ts';
import type { MemoryFailureFacts } from './memory_failure.ts';
import type { CostFacts } from './cost.ts';

export interface StepSpec {
  readonly name: StepName;
  readonly kernel_function: string;
  readonly source: string;
  readonly parameters: StepParameters;
}

/**
 * Named facts: differences in manner that are no step of a removal. `devmap_bit`,
 * `fsdax_idle_page_count`, `gup_fast_takes_pgmap_ref` and `per_node_mf_counters` are shown with the profile, as
 * the reason for others; no rule reads them.
 */
export interface Facts {
  readonly devmap_bit: boolean;
  readonly fsdax_idle_page_count: 0 | 1;
  readonly gup_fast_takes_pgmap_ref: boolean;
  readonly stale: Column<typeof STALE>;
  readonly stale_store: Column<typeof STALE_STORE>;
  /** A FOLL_LONGTERM | FOLL_WRITE pin of a stale fsdax entry. */
  readonly io_uring_register_stale: 'write_fault_first' | 'EOPNOTSUPP';
  readonly longterm_on_fsdax: 'EOPNOTSUPP';
  readonly io_uring_longterm_on_devdax: 'ok' | 'EOPNOTSUPP';
  /** Releasing a pin whose pgmap is gone, by holder: dropped by its owner, or by the owner's exit. */
  readonly pin_release_after_removal: {
    readonly vmsplice: { readonly drop: Effect; readonly exit: Effect } | null;
    readonly io_uring: { readonly drop: Effect; readonly exit: Effect } | null;
    readonly xdp: { readonly drop: Effect; readonly exit: Effect } | null;
  };
  /** The worker that runs into a release by exit: the process itself still ends. */
  readonly worker_oops_at: { readonly io_uring: string | null; readonly xdp: string | null };
  readonly xfs_reflink_with_dax: 'EINVAL' | 'whole_device';
  /** sysfs bind of a device that has a driver, and of a failed probe. */
  readonly bind_bound_errno: 'ENODEV' | 'EBUSY';
  readonly after_oops: 'rcu_never_ends' | 'goes_on';
  /** What the first fsync of an ext4 whose device is gone does to its journal. */
  readonly ext4_fsync_on_dead_device: 'EIO' | 'EIO_aborts_journal';
  /** ext4_handle_error() with errors=remount-ro makes the file system answer EROFS. */
  readonly ext4_error_sets_rdonly: boolean;
  /** ext4_writepages() on an aborted journal. */
  readonly ext4_writepages_aborted: 'EIO' | 'EROFS';
  readonly per_node_mf_counters: boolean;
  /** The distribution build's default of auto_online_blocks (M87). */
  readonly auto_online_default: 'offline' | 'online';
  readonly kmem: KmemFacts;
  readonly cxl: CxlFacts;
  /** Stale entries whose pfns have a new owner. */
  readonly repurpose: RepurposeFacts;
  /** How long a removal keeps the kernel busy. */
  readonly cost: CostFacts;
  /** memory_failure() of a page, and badblocks. */
  readonly memory_failure: MemoryFailureFacts;
}

/** What zapping a stale entry does once its pfns have struct pages, and an owner, again (D1, R160-R162). */
export interface RepurposeFacts {
  /** The page is anonymous memory of another process: system-ram was made of the device. */
  readonly zap_of_ram: ByLevel;
  /** The mapcount of a page that is mapped by nobody new drops below zero: `BUG: Bad page map`, 60 lines at most. */
  readonly bad_page_map: boolean;
}

export interface Profile {
  readonly name: KernelName;
  readonly about: string;
  readonly baseline: string;
  /** Whether anyone can boot it: the series was posted, reviewed, and never merged. */
  readonly released: boolean;
  readonly proposed: readonly {
    readonly parameter: string;
    readonly default: boolean;
    readonly about: string;
  }[];
  readonly steps: {
    readonly fsdax: readonly StepSpec[];
    readonly devdax: readonly StepSpec[];
    readonly devdax_parent: readonly StepSpec[];
    readonly system_ram: readonly StepSpec[];
    readonly system_ram_parent: readonly StepSpec[];
    readonly raw: readonly StepSpec[];
    /** Before the steps of a device that goes with its CXL region, and around those of one that goes with its memdev. */
    readonly cxl_region: readonly StepSpec[];
    readonly cxl_memdev: readonly StepSpec[];
  };
  readonly facts: Facts;
}
