import type { BlockInSysfs } from './block_in_sysfs.ts';
import type { Labels } from './resource.ts';
import type { KnownRegionType } from './region_type.ts';
import type {
  BindVia,
  CxlDriver,
  CxlRemoveVia,
  DeviceMode,
  KnownMode,
  Driver,
  HoldersTold,
  HotplugAction,
  KmemState,
  MemoryBlockState,
  MemoryFailureSource,
  RemoveTrigger,
  RemoveVia,
} from './vocabulary.ts';

/** A device as it is found on its bus. */
export interface CreateDaxDevice {
  readonly type: 'create_dax_device';
  readonly name: string;
  readonly mode: DeviceMode;
  readonly size: number;
  readonly align?: number | null;
  readonly phys_addr?: string | null;
  readonly numa_node?: number | null;
  readonly target_node?: number | null;
  readonly tenant?: string | null;
  readonly labels?: Labels;
  readonly media_serial?: string | null;
  /** Default ACPI.NFIT; null where nobody has told. */
  readonly provider?: string | null;
  readonly map?: 'dev' | 'mem' | null;
  /** Default false; null: not told. */
  readonly clears_poison?: boolean | null;
  /** Default `bound`. */
  readonly state?: 'bound' | 'unbound';
  /** Of provider `CXL` only. */
  readonly cxl?: CxlPlace;
  /** Default `not_told`. */
  readonly holders?: HoldersTold;
}

/** What a new CXL device stands on. What is not named is made: the next free memdevs and region. */
export interface CxlPlace {
  readonly region?: string;
  /** Default `pmem`; `ram` where the device is system-ram and the kernel has ram regions. */
  readonly type?: KnownRegionType;
  readonly locked?: boolean;
  readonly memdevs?: readonly {
    readonly name?: string;
    readonly serial?: string | null;
    readonly pci?: string | null;
  }[];
}

/** Changes what only the operator knows of a device; what is absent stays. */
export interface PatchDaxDevice {
  readonly type: 'patch_dax_device';
  readonly dax_device: string;
  readonly tenant?: string | null;
  readonly labels?: Labels;
  readonly media_serial?: string | null;
  readonly clears_poison?: boolean | null;
  readonly kmem_state?: KmemState;
  /** `told`: its users, or that there are none, are as recorded. `not_told` takes that back. */
  readonly holders?: HoldersTold;
}

/** The device's record goes: never a hot-remove. */
export interface DeleteDaxDevice {
  readonly type: 'delete_dax_device';
  readonly dax_device: string;
}

/** Binds a driver again, in the mode and under the tenant that there were where none is named. */
export interface Bind extends BindTo {
  readonly type: 'bind';
  readonly dax_device: string;
}
/** What a device is bound to, and how. */
export interface BindTo {
  readonly driver?: Driver;
  readonly mode?: KnownMode;
  readonly tenant?: string | null;
  /** The tool that is asked; absent: `bind` of sysfs is written. */
  readonly via?: BindVia;
}

/** Starts `->remove()` of a device. */
export interface RemoveDaxDevice {
  readonly type: 'remove_dax_device';
  readonly dax_device: string;
  readonly trigger: RemoveTrigger;
  readonly via?: RemoveVia;
  readonly by_pid?: number;
}

/** Runs the next step of a removal: what the executor submits, and nobody else. */
export interface AdvanceRemoval {
  readonly type: 'advance_removal';
  readonly removal: string;
  /** The step threw when it was tried: the removal rests before it. */
  readonly failed?: true;
}

/** Says what the bus did to a device. */
export interface RecordHotplugEvent {
  readonly type: 'record_hotplug_event';
  readonly action: HotplugAction;
  readonly dax_device: string;
  readonly media?: Media;
  readonly tenant?: string | null;
}

/** What a medium that comes says of itself; bytes. */
export interface Media {
  readonly media_serial?: string;
  readonly size?: number;
}

/** A write to `memoryN/state`, or what the operator has read or knows of the block before; at least one of them. */
export interface PatchMemoryBlock extends BlockInSysfs {
  readonly type: 'patch_memory_block';
  readonly dax_device: string;
  /** The number N of `memoryN`. */
  readonly block: number;
  readonly state?: MemoryBlockState;
  readonly kernel_pages?: boolean | null;
}

/** `daxctl online-memory`; with `no_movable` its --no-movable. */
export interface OnlineMemory {
  readonly type: 'online_memory';
  readonly dax_device: string;
  readonly no_movable?: boolean;
}

/** `daxctl offline-memory`. */
export interface OfflineMemory {
  readonly type: 'offline_memory';
  readonly dax_device: string;
}

/**
 * memory_failure() or soft_offline_page() of each page of a range, ascending. `madvise` is a call of the process
 * `by_pid`, or of the first that maps the range; `soft_offline` its MADV_SOFT_OFFLINE, else a write to sysfs; a machine
 * check belongs to no process, or was consumed by a load of `by_pid`; debugfs (and hard_offline_page) belongs to none.
 * `ars` is an address range scrub that finds bytes bad, `inject_error` the tool that makes blocks bad and has the kernel
 * told: badblocks alone come of both.
 * `offset` counts from the start of the device, of `file` or of `mapping`; a `mapping` is also whose madvise it is.
 */
export interface MemoryFailure {
  readonly type: 'memory_failure';
  readonly dax_device: string;
  readonly file?: string;
  readonly mapping?: string;
  readonly offset: number;
  readonly length: number;
  readonly source: MemoryFailureSource;
  readonly by_pid?: number;
}

/** `ndctl clear-errors`: the device replaces what it cannot read in these bytes. */
export interface ClearErrors {
  readonly type: 'clear_errors';
  readonly dax_device: string;
  readonly offset: number;
  readonly length: number;
}

/** Binds cxl_mem to a memdev, or cxl_pci to its PCI function. */
export interface BindCxlMemdev {
  readonly type: 'bind_cxl_memdev';
  readonly memdev: string;
  readonly driver: CxlDriver;
}

/** A memdev goes, and what depends on it. */
export interface RemoveCxlMemdev {
  readonly type: 'remove_cxl_memdev';
  readonly memdev: string;
  readonly trigger: RemoveTrigger;
  /** Default `cxl_pci`: the function goes. */
  readonly via?: CxlRemoveVia;
}

/** Programs the decoders of a reset region with these memdevs, in the order of their positions. */
export interface CommitCxlRegion {
  readonly type: 'commit_cxl_region';
  readonly region: string;
  readonly memdevs: readonly string[];
}

/** Binds cxl_region again. */
export interface BindCxlRegion {
  readonly type: 'bind_cxl_region';
  readonly region: string;
}
