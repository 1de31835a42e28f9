import type { BlockInSysfs } from './block_in_sysfs.ts';
import type { HasCdevs } from './cdev.ts';
import type { CxlMemdev, CxlRegion } from './cxl.ts';
import type { BindTo } from './device_command.ts';
import type { DeviceLife } from './device_life.ts';
import type { Extent, Extents, FileTimes } from './inode.ts';
import type { HostCounters } from './node_counters.ts';
import type {
  Activity,
  DaxOption,
  FsState,
  FsType,
  HoldersTold,
  HostHealth,
  HotplugAction,
  HostKernel,
  LinkSource,
  MapFlag,
  MceKillPolicy,
  MemoryBlockState,
  OnlinePolicy,
  PageSize,
  PinHolder,
  PinKind,
  ProcessState,
  Prot,
  SigbusDisposition,
} from './vocabulary.ts';
import type { Exposure, OpenExposures } from './exposure.ts';
import type { FrozenCall } from './frozen_call.ts';
import type { FileState, OpenFile, OpenFlag } from './open_file.ts';
import type { KernelProbes } from './kernel_probes.ts';
import type { Entries } from './mapping_table.ts';
import type { LeftUntilReboot } from './never_ending.ts';
import type { PfnRange } from './pfn_range.ts';
import type { PfnSet } from './pfn_set.ts';
import type { RemovalRecord } from './removal.ts';
import type { Snapshot } from './snapshot.ts';
import type { Resource } from './resource.ts';
import type { Source, Table } from './table.ts';
import type { UseField, Uses, UseValue } from './uses.ts';

/**
 * The host aggregate: one machine, its devices and what uses them. Records are plain immutable data,
 * shaped as the API shows them (engine field = JSON field); a change replaces a record whole.
 *
 *   Host ─┬─ DaxDevice ─┬─ FileSystem ─┬─ Mount (its superblock)
 *         │             │              └─ File ── extents, DAX entries or cached pages
 *         │             └─ MemoryRange (system-ram: its blocks; outlives the unbind where it leaks)
 *         ├─ CxlMemdev ── CxlRegion ── DaxDevice
 *         └─ Process ─┬─ OpenFile (a descriptor)
 *                     ├─ Mapping (a VMA and its entries) ── Pin
 *                     └─ Exposure (mappings and pins of one device as windows onto another owner's pfns)
 */
export interface Host {
  readonly tables: Tables;
  /** Where the rest is of a host that is loaded in part; null where all is in memory. */
  readonly rest: Rest | null;
  /** Page-table entries by mapping id, and i_pages by file id (page_cache.ts). */
  readonly entries: Map<string, Entries>;
  /** Extents of files that have more than one chunk of them, by file id. */
  readonly extents: Map<string, Extents>;
  /**
   * Pfns that were mapped when a removal began, by its id, until it has counted its pages: of those that had more than
   * 100 ranges (mapped_before.ts).
   */
  readonly mapped_before: Map<string, PfnSet>;
  /**
   * Ids of mounts, files, mappings and pins by what they reach or belong to, and of removals that have not completed
   * (uses_of_record.ts), never stored. As far as they are in memory: usesBy() of rest.ts reads them.
   */
  readonly uses_by: Uses;
  /** What the exposures that are open reach, window by window: kept by apply, never stored. */
  readonly open_exposures: OpenExposures;
  /**
   * What is assumed of facts that are not known of its kernel, while one way is tried: which value, by the id of the
   * choice. Empty otherwise, never stored.
   */
  assumed: ReadonlyMap<string, number>;
}

/** The kinds of records a host owns; its own record sits in `hosts` under its name. */
export interface RecordTypes {
  hosts: HostRecord;
  dax_devices: DaxDevice;
  memory_ranges: MemoryRange;
  cxl_memdevs: CxlMemdev;
  cxl_regions: CxlRegion;
  file_systems: FileSystem;
  mounts: Mount;
  files: File;
  processes: Process;
  open_files: OpenFile;
  mappings: Mapping;
  pins: Pin;
  removals: RemovalRecord;
  hotplug_events: HotplugEvent;
  exposures: Exposure;
  inventories: InventoryRecord;
  snapshots: Snapshot;
}

/** A kind of record; also the name of its table. */
export type Kind = keyof RecordTypes;

/** The record of a kind. */
export type RecordOf<K extends Kind> = RecordTypes[K];
/** Records by kind and id. */
export type Tables = { readonly [K in Kind]: Table<RecordTypes[K]> };

/**
 * Where the rest of a host is that is loaded in part: what was asked of it once is in memory. Where it throws, whoever asks
 * is taken back, and may be asked to do it again.
 */
export interface Rest {
  /** Of a record its entries come along. */
  readonly source: <K extends Kind>(kind: K) => Source<RecordOf<K>>;
  /** Loads the records that `uses_by` finds there; returns the ids of all that there are, in order of creation. */
  readonly uses: (field: UseField, value: UseValue) => Iterable<string>;
  /** What was asked for. */
  readonly asked: Map<UseField, Set<UseValue>>;
}

/** One host: the kernel that it runs, what the operator set, and the counters of its kernel. */
export interface HostRecord extends Resource, LeftUntilReboot {
  readonly name: string;
  /** The profile that says what its kernel does; `resolved` where its release is none of those that were recorded. */
  readonly kernel: HostKernel;
  /** `uname -r`, or a package version of Debian; null where a profile was chosen. */
  readonly kernel_release: string | null;
  readonly kernel_probes: KernelProbes;
  readonly sysctl: { readonly memory_failure_early_kill: 0 | 1 };
  readonly auto_online_blocks: OnlinePolicy | null; // null: not known (M87)
  /** memory_block_size_bytes() (`block_size_bytes` in sysfs): 128 MiB unless the machine has much RAM. */
  readonly memory_block_bytes: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly counters: HostCounters;
  /** The proposed parameters of the series (FU9, FU11); only the profile force-unmap has them, off by default. */
  readonly proposed: { readonly devdax_memory_failure: boolean; readonly kmem_memory_failure: boolean };
  readonly health: HostHealth;
  /** The next number for readable ids of this host (`m3`, `f4`, …). */
  readonly next_id: number;
}

/** A write to `bind`, or one to `unbind`, whose removal has the id. */
export type LockWaiter = { readonly bind: BindTo } | { readonly removal: string };

/** A fact about a device worth showing beside its state, for example `pgmap_waits`. */
export interface Condition {
  readonly type: string;
  readonly detail: string;
}

/** One DAX device: its lifecycle state, its place, and what was said of it or found on it. */
export interface DaxDevice extends Resource, DeviceLife, HasCdevs {
  readonly name: string;
  readonly size: number;
  /** `0x` lower-case hex, null where no listing has shown it. */
  readonly phys_addr: string | null;
  readonly numa_node: number | null;
  readonly target_node: number | null;
  readonly tenant: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly media_serial: string | null;
  readonly conditions: readonly Condition[];
  /** Who waits for a lock that its removal, or an offline, has, and goes on behind it: the first that came is the first. */
  readonly lock_waiters: readonly LockWaiter[];
  /** As ndctl prints it, also one that is not modelled; null where nobody has told. */
  readonly provider: string | null;
  /** First pfn of the pgmap; made up (and phys_addr null) where no address is known. */
  readonly base_pfn: number;
  /** PG_hwpoison in the struct pages of the present pgmap; rebuilt clean with the next. */
  readonly hwpoisoned: readonly PfnRange[];
  /** What its medium cannot read: sectors from the start of its data; they outlive unbind and bind. */
  readonly badblocks: readonly Badblocks[];
  /** ND_CMD_CLEAR_ERROR: the device can replace what it cannot read. Null where nobody has told: no listing does. */
  readonly clears_poison: boolean | null;
  /** Folios of the present pgmap whose count fell below zero, for a stale PMD of them was dropped or a pin let go (S10). */
  readonly lost_refs: readonly PfnRange[];
  /** The same for stale PTEs, whose mapcount fell with it (S11). */
  readonly lost_ptes: readonly PfnRange[];
  /** Pages of a device-dax that were faulted under the present pgmap: their page->mapping stays set (M139). */
  readonly faulted: readonly PfnRange[];
  /** Pages of files whose page->mapping the eviction of an older file system cleared under the present pgmap (S7). */
  readonly cleared: readonly PfnRange[];
  /** The CXL region it stands on, by name. */
  readonly cxl_region: string | null;
  /** How that is known; null where it stands on none. */
  readonly cxl_region_from: LinkSource | null;
  /** Whether anyone has said who uses it: by a mount, file, mapping or pin, or because the operator says so (TOLD4). */
  readonly holders: HoldersTold;
  /** When that was said first, or confirmed last; null where it was not. */
  readonly told_at: string | null;
}

/** Neighbouring sectors of 512 bytes that a medium cannot read, as the kernel and ndctl count them. */
export interface Badblocks {
  readonly offset: number;
  readonly length: number;
}

/**
 * System RAM that kmem added from one range of a device: whole blocks of what memory_block_size_bytes() was, `counted` by
 * a listing or (null) by none. Where one is online at the unbind all stay, `leaked`, until a reboot. Source: kmem.c.
 */
export interface MemoryRange extends Resource {
  readonly id: string;
  readonly dax_device: string;
  readonly base_pfn: number;
  readonly nr_pages: number;
  readonly block_bytes: number;
  readonly counted: number | null;
  readonly node: number | null;
  /** Neighbouring blocks that are alike, ascending, without gaps; `first` counts from the range's first block. */
  readonly blocks: readonly MemoryBlockRun[];
  /** The block, counted from the first, whose offline does not end: it holds the hotplug lock of the machine. */
  readonly offlining: number | null;
  /** Free pages that have lost a reference which nobody held: a stale entry was zapped over them (S46). */
  readonly miscounted?: readonly PfnRange[];
  readonly leaked: boolean;
  readonly leaked_at: string | null;
  readonly tenant: string | null;
  readonly generation: number;
}

/** Neighbouring memory blocks of a range that are alike. */
export interface MemoryBlockRun extends BlockInSysfs {
  readonly first: number;
  readonly nr_blocks: number;
  readonly state: MemoryBlockState;
  /** The zone it was onlined to, null while offline, and where no listing tells it. */
  readonly zone: 'Normal' | 'Movable' | null;
  /** Whether the kernel itself has pages in it that cannot move; null where nobody has told (KM6). */
  readonly kernel_pages: boolean | null;
}

/** A file system on a device or partition; it outlives its mounts and reboots. */
export interface FileSystem extends Resource {
  readonly id: string;
  readonly dax_device: string;
  readonly partition: number | null;
  readonly fs_type: FsType;
  readonly rmapbt: boolean;
  readonly reflink: boolean;
  readonly agcount: number;
  readonly generation: number;
  readonly start_pfn: number;
  readonly nr_pages: number;
  /** Next free page, counted from start_pfn: files are laid out one after another. */
  readonly next_free: number;
}

/** A superblock where it is mounted, and how it stands. */
export interface Mount
  extends Resource,
    Pick<FileSystem, 'fs_type' | 'rmapbt' | 'reflink' | 'agcount' | 'partition' | 'generation'> {
  readonly id: string;
  readonly dax_device: string;
  readonly path: string;
  readonly dax: DaxOption;
  readonly file_system: string;
  /**
   * `lazy`: detached, its superblock lives on while files are in use (umount -l) or a freeze keeps it (S28, S38).
   * `shutting_down`: detached, and whoever tore its superblock down oopsed or never returns: it stays until a reboot.
   */
  readonly state: 'mounted' | 'lazy' | 'shutting_down';
  /**
   * Whether its superblock is kept until a reboot, whoever uses it: the umount(2) that detached it never returns (S32), or
   * its last user died before it came to the clean-up (EVICT2).
   */
  readonly umount_blocked: boolean;
  /** The function from which who tears its superblock down, or detaches it, never returns; absent else (S10, S32). */
  readonly blocked_in?: string;
  readonly fs_state: FsState;
  /** Why it shut down, as the kernel names it, or null. */
  readonly shutdown_reason: string | null;
  /** ext4's journal; xfs has no such state of its own (its log failing shuts it down). */
  readonly journal: 'live' | 'aborted';
  /** Whether an inode without a name was freed since its device is gone: that is left to commit, beside its files' times. */
  readonly uncommitted: boolean;
  /** SB_RDONLY: by a remount, or because the kernel made it so (R37). */
  readonly read_only: boolean;
  /** Whether its user holds it frozen (FIFREEZE); `fs_state` tells the freeze of a removal. Both last until thawed. */
  readonly frozen_by_user: boolean;
  /**
   * Of the xfs of a device with struct pages: whether it took the dax_device, as the first to be mounted on it, until it
   * is unmounted (S22). Kernels from 6.0 on tell it of failures and of the removal; before, nothing follows from it.
   */
  readonly dax_holder: boolean;
  /** The block device instance this superblock was mounted from. */
  readonly device_instance: number;
}

/** One file with its blocks: where no extent is, it has a hole. */
export interface File extends Resource, FileTimes {
  readonly id: string;
  readonly file_system: string;
  readonly dax_device: string;
  readonly mount: string;
  readonly path: string;
  readonly size: number;
  /** In order of offset; neighbours that lie one behind the other are one. None where they stand beside (extents.ts). */
  readonly extents: readonly Extent[];
  /** S_DAX: mapped straight to the device; else through the page cache. */
  readonly dax: boolean;
  readonly state: FileState;
}

/** One process of one thread. */
export interface Process extends Resource {
  readonly pid: number;
  readonly comm: string;
  readonly tenant: string | null;
  readonly mce_kill: MceKillPolicy;
  readonly sigbus: SigbusDisposition;
  readonly parent_pid: number | null;
  readonly state: ProcessState;
  /** A task that looked into its memory died with the locks of it. */
  readonly mm_locked: boolean;
  /** What it does again once a frozen file system thaws, and is `blocked` in until then; else null. */
  readonly waits_for_thaw: FrozenCall | null;
  /** How it ended, once dead: by a signal or by exit. */
  readonly end: { readonly killed_by: string } | { readonly exit: number } | null;
}

/** One VMA of a process; its entries are kept beside it, by its id. */
export interface Mapping extends Resource {
  readonly id: string;
  readonly pid: number;
  readonly dax_device: string;
  /** The file's id, or null: the device node itself (chardev of devdax, block device of the rest). */
  readonly file: string | null;
  /** The open file description that it holds: its own id where it was opened for it alone; null for anonymous memory. */
  readonly description: string | null;
  /** How that was opened; null for anonymous memory. */
  readonly opened: OpenFlag | null;
  readonly offset: number;
  readonly length: number;
  /** Virtual address of the VMA, `0x` hex. */
  readonly address: string;
  readonly flags: readonly MapFlag[];
  readonly prot: Prot;
  /** The largest entry the VMA's alignment allows. */
  readonly page_size: PageSize;
  readonly activity: Activity;
  /** The device instance whose inode it maps. */
  readonly device_instance: number;
  /** The device's generation when it was made. */
  readonly generation: number;
  /** Memory of system-ram: no file stands behind it, its policy places it in the device's memory. */
  readonly anonymous: boolean;
  /** Present entries now, by size; `anon` counts pages copied on write. */
  readonly present: {
    readonly pte: number;
    readonly pmd: number;
    readonly pud: number;
    readonly anon: number;
  };
}

/** One page reference of a process by gup. */
export interface Pin extends Resource {
  readonly id: string;
  readonly pid: number;
  readonly mapping: string | null;
  readonly dax_device: string;
  readonly offset: number;
  readonly length: number;
  readonly kind: PinKind;
  readonly holder: PinHolder;
  readonly pfn_ranges: readonly (readonly [pfn: number, nr_pages: number])[];
  readonly pgmap: number;
  /** The generation its mapping was made under. */
  readonly generation: number;
}

/** What somebody said that the bus did. */
export interface HotplugEvent extends Resource {
  readonly id: string;
  readonly action: HotplugAction;
  readonly dax_device: string;
  readonly media: { readonly media_serial?: string; readonly size?: number } | null;
  readonly removal: string | null;
  readonly at: string;
}

/** What the listings imported for this host said, kept whole for the export. */
export interface InventoryRecord extends Resource {
  readonly id: string;
  readonly record: unknown;
}
