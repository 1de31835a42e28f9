import type { CreateDaxDevice } from './device_command.ts';
import type { CxlMemdev, CxlRegion } from './cxl.ts';
import type { HostRecord, Badblocks } from './host.ts';
import type { KernelProbes } from './kernel_probes.ts';
import type { ListedBlocks } from './memory_block.ts';
import type { Resource, Labels } from './resource.ts';
import type { DeviceMode, KernelName, LinkSource, OnlinePolicy } from './vocabulary.ts';

/** What is told of the kernel of a host: a profile, or the release that it says of itself, which decides. */
export interface ToldKernel {
  readonly kernel?: KernelName;
  readonly kernel_release?: string | null;
  /** Kinds of probes that are absent were not looked up. */
  readonly kernel_probes?: Partial<KernelProbes>;
}

/** A host that runs one of the kernels. */
export interface CreateHost extends ToldKernel {
  readonly type: 'create_host';
  readonly name: string;
  readonly sysctl?: { readonly memory_failure_early_kill: 0 | 1 };
  readonly auto_online_blocks?: OnlinePolicy;
  /** Default 128 MiB. */
  readonly memory_block_bytes?: number;
  readonly labels?: Labels;
  readonly proposed?: Partial<HostRecord['proposed']>;
}

/** Changes what the operator sets of a host; what is absent stays. */
export interface PatchHost extends Omit<ToldKernel, 'kernel'> {
  readonly type: 'patch_host';
  readonly sysctl?: { readonly memory_failure_early_kill: 0 | 1 };
  readonly auto_online_blocks?: OnlinePolicy;
  /** Not while there are memory blocks of another size. */
  readonly memory_block_bytes?: number;
  readonly labels?: Labels;
  readonly proposed?: Partial<HostRecord['proposed']>;
}

/** The host's record goes, with all that is recorded of it. */
export interface DeleteHost {
  readonly type: 'delete_host';
}

/** The host boots again, into another kernel where one is named: what was looked up on the last one is forgotten. */
export interface Reboot extends ToldKernel {
  readonly type: 'reboot';
}

/** The devices of a listing, as `app/listing.ts` has worked it into what was known. */
export interface ImportInventory {
  readonly type: 'import_inventory';
  readonly devices: readonly ImportedDevice[];
  readonly cxl?: ImportedCxl;
  /** What the text says of the host's kernel. */
  readonly told?: ToldKernel;
  /** What all listings have told, as the host's one inventory record keeps it. */
  readonly record: unknown;
  /**
   * What became of each object, as JSON text: it may be long, and is only sent on, unless something is left out: that
   * is added to its `skipped`.
   */
  readonly imported: string;
}

/** Where in a text an object stands: which of its JSON documents, from 0, and where in that (RFC 6901). */
export interface ListedAt {
  readonly document: number;
  readonly pointer: string;
}

/** A device as a listing describes it: created or, by name, updated. */
export interface ImportedDevice extends Omit<CreateDaxDevice, 'type' | 'mode' | 'size' | 'cxl' | 'holders'> {
  /** Null: the one that listings gave it, they take back; absent: they tell none. */
  readonly cxl_region?: string | null;
  readonly cxl_region_from?: LinkSource;
  readonly mode: DeviceMode;
  /** The word of a mode that is not modelled; absent in any other. */
  readonly mode_as_listed?: string;
  readonly size: number | null;
  /** `unchanged`: nothing of it is new, and the address that it is told at was not taken yet (IMP46). */
  readonly change: 'created' | 'updated' | 'unchanged' | 'gone';
  readonly listed_at?: ListedAt;
  /** The name that it was known by until its own was told (IMP47). */
  readonly previous_name?: string;
  /** Of one that is gone: what it turned out to be: a device that is known too, or a namespace that is none (IMP47, IMP70). */
  readonly is_now?: string;
  /** Whether the content is another owner's (GEN3); absent: in another mode it is. */
  readonly is_another?: boolean;
  /** Of a dax device: whether its namespace has dax_pmem. */
  readonly parent_bound?: boolean;
  /** Sectors from the start of the data, where the listing shows them. */
  readonly badblocks?: readonly Badblocks[];
  /** Of system-ram, as far as daxctl tells them; absent: the online policy made them. */
  readonly memory_blocks?: ListedBlocks | null;
}

/** Memdevs and regions that listings show otherwise than they were known. */
export interface ImportedCxl {
  readonly memdevs: readonly ImportedMemdev[];
  readonly regions: readonly ImportedCxlRegion[];
  /** Those that are no longer there, by name. */
  readonly gone: { readonly memdevs: readonly string[]; readonly regions: readonly string[] };
}

/** A region as listed. */
export interface ImportedCxlRegion extends Omit<CxlRegion, keyof Resource | 'id' | 'locked'> {
  readonly listed_at?: ListedAt;
}

/** A memdev as listed: what only the model knows of it stays that of the one it was, under its `previous_name`. */
export interface ImportedMemdev
  extends Omit<CxlMemdev, keyof Resource | 'id' | 'committed_with_zero_size' | 'left_region'> {
  readonly previous_name: string | null;
  readonly listed_at?: ListedAt;
}
