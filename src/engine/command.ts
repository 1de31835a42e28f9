import type {
  AccessKind,
  AccessResult,
  Activity,
  DaxOption,
  DeviceMode,
  Driver,
  Errno,
  FsType,
  HotplugAction,
  IoKind,
  KernelName,
  MapFlag,
  MceKillPolicy,
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
    }
  | { readonly type: 'delete_host' }
  | { readonly type: 'reboot'; readonly kernel?: KernelName }
  | {
      readonly type: 'import_inventory';
      readonly devices: readonly ImportedDevice[];
      readonly record: unknown;
    }
  | CreateDaxDevice
  | {
      readonly type: 'patch_dax_device';
      readonly dax_device: string;
      readonly tenant?: string | null;
      readonly labels?: Labels;
      readonly media_serial?: string | null;
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
  | { readonly type: 'survey_holders'; readonly dax_device: string };

export type Labels = Readonly<Record<string, string>>;
export type OnlinePolicy = 'offline' | 'online' | 'online_kernel' | 'online_movable';
export interface Media {
  readonly serial?: string;
  readonly size?: number;
}

export interface CreateHost {
  readonly type: 'create_host';
  readonly name: string;
  readonly kernel: KernelName;
  readonly sysctl?: { readonly memory_failure_early_kill: 0 | 1 };
  readonly auto_online_blocks?: OnlinePolicy;
  readonly labels?: Labels;
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
  /** Default `bound`. */
  readonly state?: 'bound' | 'unbound';
}

/** A device as a listing describes it: created or, by name, updated. */
export interface ImportedDevice extends Omit<CreateDaxDevice, 'type' | 'mode' | 'size'> {
  readonly mode: DeviceMode;
  readonly size: number | null;
  readonly change: 'created' | 'updated' | 'gone';
}

export interface RemoveDaxDevice {
  readonly type: 'remove_dax_device';
  readonly dax_device: string;
  readonly trigger: RemoveTrigger;
  readonly via?: RemoveVia;
  readonly by_pid?: number;
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

/** What a process gets when it touches memory, calls the kernel, exits, unmaps or unpins. */
export interface Outcome {
  readonly result: AccessResult;
  /** True where the bytes came through an entry that outlived its pgmap. */
  readonly stale: boolean;
  readonly data_of: {
    readonly generation: number;
    readonly tenant: string | null;
    readonly file: string | null;
  } | null;
  readonly signal: string | null;
  readonly si_code: string | null;
  readonly si_addr: string | null;
  readonly si_addr_lsb: number | null;
  readonly errno: Errno | null;
  readonly faults: { readonly pte: number; readonly pmd: number; readonly pud: number };
  /** False once the process has ended and was reaped; a task that oopsed is neither. */
  readonly process_alive: boolean;
  /** How it ended, when this ended it. */
  readonly end: { readonly killed_by: string } | { readonly exit: number } | null;
  /** Oopses of the kernel, innermost function first, and in which task. */
  readonly kernel_oopses: readonly { readonly at: string; readonly task: 'process' | 'caller' | 'worker' }[];
  /** Where it waits or spins, when blocked. */
  readonly blocked_in: string | null;
  readonly kernel_log: readonly string[];
}
