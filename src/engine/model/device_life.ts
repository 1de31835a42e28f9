import type { DaxDriver } from './dax_driver.ts';
import type { DeviceMode, DeviceState, Driver, KmemState } from './vocabulary.ts';

/** What a driver decides of its device: a field that is new here does not compile until it says both with and without one. */
export interface DrivenLife {
  readonly state: DeviceState;
  readonly driver: Driver | null;
  /** DAXDEV_ALIVE. */
  readonly dax_alive: boolean;
  /** `live`: references can be taken. `killed`: draining. `none`: memmap torn down. */
  readonly pgmap_state: 'live' | 'killed' | 'none';
  /** The request_mem_region() of the driver in /proc/iomem. */
  readonly mem_region: 'requested' | 'released' | 'leaked';
  /**
   * `daxX.Y/state` while kmem is bound, on kernels that have it, else null; it does not follow writes to
   * `memoryN/state`.
   */
  readonly kmem_state: KmemState | null;
}

/**
 * What drivers, removals, media and owners make of a device. Only device/lifecycle.ts writes these fields: patch()
 * takes none of them.
 */
export interface DeviceLife extends DrivenLife {
  readonly mode: DeviceMode;
  /** The word of a mode that is not modelled, as listed; null in any other. */
  readonly mode_as_listed: string | null;
  /** Bytes that each entry of a device-dax maps. */
  readonly align: number | null;
  /** Where struct pages live; null where the namespace has none (raw on labelled NFIT pmem, sector). */
  readonly map: 'dev' | 'mem' | null;
  /**
   * The layout that the size, the address and the badblocks are of, where nothing says what they are in the present one;
   * null where they are of that.
   */
  readonly placed_as: { readonly mode: DeviceMode; readonly map: 'dev' | 'mem' | null } | null;
  /** Counts owners of the same pfns: a new medium, mode, tenant or file system is a new generation. */
  readonly generation: number;
  /** Who had this generation before its present tenant, handed over without a bind (EX14); the last one last. */
  readonly former_tenants: readonly string[];
  /** Counts pgmaps of this device: an entry keeps the number of the one it was made under. */
  readonly pgmap: number;
  /** Counts block devices or dev_dax inodes of this name: old mounts and descriptors keep theirs. */
  readonly instance: number;
  /** devdax on an nd bus: whether the parent driver dax_pmem is bound. */
  readonly parent_bound: boolean;
  /** Drivers of the dax bus to whose `new_id` the name of the device was written, since they last let it go. */
  readonly driver_ids: readonly DaxDriver[];
  /** The removal that is running or waiting on it. */
  readonly removal: string | null;
  /** False after a surprise removal, until a medium is there again. */
  readonly media_present: boolean;
}
