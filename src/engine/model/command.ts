import type { Badblocks, CxlMemdev, CxlRegion, HostRecord } from './host.ts';
import type { CountedBlocks } from './memory_block.ts';
import type { Resource } from './resource.ts';
import type {
  AccessKind,
  Activity,
  CxlDriver,
  CxlRegionType,
  CxlRemoveVia,
  DaxOption,
  DeviceMode,
  Driver,
  FsType,
  HoldersTold,
  HotplugAction,
  IoKind,
  KernelName,
  KmemState,
  MapFlag,
  MceKillPolicy,
  MemoryBlockState,
  MemoryFailureSource,
  PageSize,
  PinHolder,
  PinKind,
  Populate,
  Prot,
  Provider,
  RemoveTrigger,
  RemoveVia,
  SigbusDisposition,
} from './vocabulary.ts';

/** What may be asked of one host. Fields are those of the request body; byte counts are already integers. */
export type Command =
  | CreateHost
  | {
      readonly type: 'patch_host';
      readonly sysctl?: { readonly memory_failure_early_kill: 0 | 1 };
      readonly auto_online_blocks?: OnlinePolicy;
      readonly labels?: Labels;
      readonly proposed?: Partial<HostRecord['proposed']>;
    }
  | { readonly type: 'delete_host' }
  | { readonly type: 'reboot'; readonly kernel?: KernelName }
  | {
      readonly type: 'import_inventory';
      readonly devices: readonly ImportedDevice[];
      readonly cxl?: ImportedCxl;
      readonly record: unknown;
    }
  | CreateDaxDevice
  | {
      readonly type: 'patch_dax_device';
      readonly dax_device: string;
      readonly tenant?: string | null;
      readonly labels?: Labels;
      readonly media_serial?: string | null;
      readonly clears_poison?: boolean;
      readonly kmem_state?: KmemState;
      /** `told`: its users, or that there are none, are as recorded. `not_told` takes that back. */
      readonly holders?: HoldersTold;
    }
  | { readonly type: 'delete_dax_device'; readonly dax_device: string }
  | RemoveDaxDevice
  | {
      readonly type: 'bind';
      readonly dax_device: string;
      readonly driver?: Driver;
      readonly mode?: DeviceMode;
      readonly tenant?: string | null;
    }
  /** `block`: the number N of `memoryN`. */
  | {
      readonly type: 'patch_memory_block';
      readonly dax_device: string;
      readonly block: number;
      readonly state: MemoryBlockState;
    }
  /** Changes nothing: memory blocks of a device from the `start`-th on. */
  | {
      readonly type: 'survey_memory_blocks';
      readonly dax_device: string;
      readonly start: number;
      readonly limit: number;
    }
  /** Changes nothing: one memory block. */
  | { readonly type: 'survey_memory_block'; readonly dax_device: string; readonly block: number }
  /** Changes nothing: what of the devices is free, used and leaked. */
  | { readonly type: 'survey_capacity' }
  | MemoryFailure
  /** `ndctl clear-errors`: the device replaces what it cannot read in these bytes. */
  | {
      readonly type: 'clear_errors';
      readonly dax_device: string;
      readonly offset: number;
      readonly length: number;
    }
  | RemoveCxlMemdev
  | { readonly type: 'bind_cxl_memdev'; readonly memdev: string; readonly driver: CxlDriver }
  /** Programs the decoders of a reset region with these memdevs, in the order of their positions. */
  | {
      readonly type: 'commit_cxl_region';
      readonly region: string;
      readonly memdevs: readonly string[];
    }
  | { readonly type: 'bind_cxl_region'; readonly region: string }
  | CreateMount
  | { readonly type: 'umount'; readonly mount: string; readonly lazy: boolean }
  | { readonly type: 'shutdown_mount'; readonly mount: string }
  | { readonly type: 'commit_journal'; readonly mount: string }
  | {
      readonly type: 'create_file';
      readonly mount: string;
      readonly path: string;
      readonly size: number;
      readonly dax?: boolean;
    }
  | { readonly type: 'unlink'; readonly file: string }
  | {
      readonly type: 'file_io';
      readonly file: string;
      readonly pid: number;
      readonly kind: IoKind;
      readonly offset: number;
      readonly length: number;
    }
  | CreateProcess
  | { readonly type: 'exit_process'; readonly pid: number }
  | CreateMapping
  | { readonly type: 'munmap'; readonly mapping: string }
  | {
      readonly type: 'access';
      readonly mapping: string;
      readonly offset: number;
      readonly length: number;
      readonly kind: AccessKind;
      /**
       * Of the kinds that another process may ask for: the process that looks. Absent: one that the host does not
       * record.
       */
      readonly by_pid?: number;
    }
  | CreatePin
  | { readonly type: 'unpin'; readonly pin: string }
  | {
      readonly type: 'record_hotplug_event';
      readonly action: HotplugAction;
      readonly dax_device: string;
      readonly media?: Media;
      readonly tenant?: string | null;
    }
  | { readonly type: 'advance_removal'; readonly removal: string }
  /** Changes nothing: who holds a device, and what a removal now would do to each. */
  | { readonly type: 'survey_holders'; readonly dax_device: string }
  /** Changes nothing: the same removal on other kernels, side by side. */
  | CompareRemovals
  /** Changes nothing: what a removal now would leave of each device. */
  | { readonly type: 'assess_removals'; readonly dax_device?: string };

export type Labels = Readonly<Record<string, string>>;
export type OnlinePolicy = 'offline' | 'online' | 'online_kernel' | 'online_movable';
export interface Media {
  readonly media_serial?: string;
  readonly size?: number;
}

export interface CreateHost {
  readonly type: 'create_host';
  readonly name: string;
  readonly kernel: KernelName;
  readonly sysctl?: { readonly memory_failure_early_kill: 0 | 1 };
  readonly auto_online_blocks?: OnlinePolicy;
  /** Default 128 MiB. */
  readonly memory_block_bytes?: number;
  readonly labels?: Labels;
  readonly proposed?: Partial<HostRecord['proposed']>;
}

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
  readonly provider?: Provider;
  readonly map?: 'dev' | 'mem' | null;
  readonly clears_poison?: boolean;
  /** Default `bound`. */
  readonly state?: 'bound' | 'unbound';
  /** Of provider `CXL` only. */
  readonly cxl?: CxlPlace;
  /** Default `not_told`. */
  readonly holders?: HoldersTold;
}

/** A device as a listing describes it: created or, by name, updated. */
export interface ImportedDevice extends Omit<CreateDaxDevice, 'type' | 'mode' | 'size' | 'cxl' | 'holders'> {
  readonly cxl_region?: string;
  readonly mode: DeviceMode;
  readonly size: number | null;
  readonly change: 'created' | 'updated' | 'gone';
  /** Of a dax device: whether its namespace has dax_pmem. */
  readonly parent_bound?: boolean;
  /** Bytes from the start of the data, where the listing shows them. */
  readonly badblocks?: readonly Badblocks[];
  /** Of system-ram, as daxctl counts them. */
  readonly memory_blocks?: CountedBlocks | null;
}

export interface RemoveDaxDevice {
  readonly type: 'remove_dax_device';
  readonly dax_device: string;
  readonly trigger: RemoveTrigger;
  readonly via?: RemoveVia;
  readonly by_pid?: number;
}

/**
 * memory_failure() or soft_offline_page() of each page of a range, ascending. `madvise` is a call of the process
 * `by_pid`, or of the first that maps the range; `soft_offline` its MADV_SOFT_OFFLINE, else a write to sysfs; a machine
 * check belongs to no process, or was consumed by a load of `by_pid`; debugfs (and hard_offline_page) belongs to none.
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

export interface RemoveCxlMemdev {
  readonly type: 'remove_cxl_memdev';
  readonly memdev: string;
  readonly trigger: RemoveTrigger;
  /** Default `cxl_pci`: the function goes. */
  readonly via?: CxlRemoveVia;
}

/** What a new CXL device stands on. What is not named is made: the next free memdevs and region. */
export interface CxlPlace {
  readonly region?: string;
  /** Default `pmem`; `ram` where the device is system-ram and the kernel has ram regions. */
  readonly type?: CxlRegionType;
  readonly locked?: boolean;
  readonly memdevs?: readonly {
    readonly name?: string;
    readonly serial?: string | null;
    readonly pci?: string | null;
  }[];
}

/** Memdevs and regions as `cxl list` shows them. */
export interface ImportedCxl {
  readonly memdevs: readonly Omit<
    CxlMemdev,
    keyof Resource | 'id' | 'committed_with_zero_size' | 'left_region'
  >[];
  readonly regions: readonly Omit<CxlRegion, keyof Resource | 'id' | 'locked'>[];
}

export interface CompareRemovals {
  readonly type: 'compare_removals';
  readonly dax_device: string;
  readonly trigger: RemoveTrigger;
  readonly via?: RemoveVia;
  readonly kernels: readonly KernelName[];
}

export interface CreateMount {
  readonly type: 'create_mount';
  readonly dax_device: string;
  readonly path: string;
  readonly fs_type: FsType;
  readonly dax: DaxOption;
  readonly mkfs?: boolean;
  readonly rmapbt?: boolean;
  readonly reflink?: boolean;
  readonly agcount?: number;
  readonly partition?: number;
}

export interface CreateProcess {
  readonly type: 'create_process';
  /** Chosen by the engine (one above the highest so far) where absent. */
  readonly pid?: number;
  readonly comm: string;
  readonly tenant?: string | null;
  readonly mce_kill?: MceKillPolicy;
  readonly sigbus?: SigbusDisposition;
  readonly parent_pid?: number;
}

export interface CreateMapping {
  readonly type: 'create_mapping';
  readonly pid: number;
  readonly file?: string;
  readonly dax_device?: string;
  readonly offset: number;
  readonly length: number;
  readonly flags: readonly MapFlag[];
  readonly prot: Prot;
  readonly page_size?: PageSize;
  readonly populate?: Populate;
  readonly activity?: Activity;
}

export interface CreatePin {
  readonly type: 'create_pin';
  readonly pid: number;
  readonly mapping: string;
  readonly offset: number;
  readonly length: number;
  readonly kind: PinKind;
  readonly holder: PinHolder;
}
