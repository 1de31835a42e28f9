import type { DeviceMode, DeviceState, Driver, KmemState } from './vocabulary.ts';

/**
 * What drivers, removals, media and owners make of a device. Only device/lifecycle.ts writes these fields: patch()
 * takes none of them.
 */
export interface DeviceLife {
  readonly mode: DeviceMode;
  readonly driver: Driver | null;
  /** Bytes that each entry of a device-dax maps. */
  readonly align: number | null;
  /** Where struct pages live; null where the namespace has none (raw on labelled NFIT pmem, sector). */
  readonly map: 'dev' | 'mem' | null;
  /** Counts owners of the same pfns: a new medium, mode, tenant or file system is a new generation. */
  readonly generation: number;
  readonly state: DeviceState;
  /** Counts pgmaps of this device: an entry keeps the number of the one it was made under. */
  readonly pgmap: number;
  /** `live`: references can be taken. `killed`: draining. `none`: memmap torn down. */
  readonly pgmap_state: 'live' | 'killed' | 'none';
  /** DAXDEV_ALIVE. */
  readonly dax_alive: boolean;
  /** Counts block devices or dev_dax inodes of this name: old mounts and descriptors keep theirs. */
  readonly instance: number;
  /** devdax on an nd bus: whether the parent driver dax_pmem is bound. */
  readonly parent_bound: boolean;
  /** The request_mem_region() of the driver in /proc/iomem. */
  readonly mem_region: 'requested' | 'released' | 'leaked';
  /** The removal that is running or waiting on it. */
  readonly removal: string | null;
  /** False after a surprise removal, until a medium is there again. */
  readonly media_present: boolean;
  /** `daxX.Y/state` of v7.3 while kmem is bound, else null; it does not follow writes to `memoryN/state`. */
  readonly kmem_state: KmemState | null;
}
