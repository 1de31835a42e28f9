import type { DeviceMode, Driver, LinkSource } from '../engine/model/vocabulary.ts';

/**
 * A number whose text a JavaScript number would not give back: `iset_id` and `serial` pass 2^53.
 * Everything else in a listing is plain JSON, so a record can be stored as it is.
 */
export interface ExactNumber {
  readonly $number: string;
}

/** A value that its key cannot have, as it was listed: nobody reads it, and the export prints it again. */
export interface OddValue {
  readonly $odd: ListedValue;
}

export type ListedValue =
  | string
  | number
  | boolean
  | null
  | ExactNumber
  | OddValue
  | readonly ListedValue[]
  | ListedObject;
export interface ListedObject {
  readonly [key: string]: ListedValue | undefined;
}

/** The kinds of object that the three tools print. */
export const OBJECT_KINDS = [
  'bus',
  'dimm',
  'region',
  'namespace',
  'dax_region',
  'dax_device',
  'cxl_bus',
  'port',
  'endpoint',
  'memdev',
  'decoder',
  'cxl_region',
] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/**
 * One object as listed: its own keys without its children; hex strings of -u are integers again, unknown keys are kept.
 * `parent`, where a listing told it: dimm and region → nd bus; namespace → region; port and endpoint → port or
 * cxl bus; memdev → endpoint; decoder → endpoint, port or cxl bus; cxl_region → root decoder.
 */
export interface ListedRecord {
  readonly name: string;
  readonly parent: string | null;
  readonly fields: ListedObject;
  /** Of a namespace: its disk was one of nd_blk when it was listed last with one. */
  readonly is_blk?: true;
  /** Of a memdev that is not disabled: it was listed among those that stand on no port. */
  readonly is_anon?: true;
  /** Of a region with its namespaces: it was listed in an array; else, also where it was both, in an object of lists. */
  readonly stands_in?: 'array' | 'lists';
}

/**
 * What is known of a host beyond its DAX devices. `namespaces` are those that are no device (seeds, blk);
 * `dax_regions` those without a device, named by their path or else their id; `dax_seeds` dax devices of size 0, with
 * the path of the dax region that they were listed in; absent where there are none.
 */
export interface InventoryHostRecord {
  readonly buses: readonly ListedRecord[];
  readonly dimms: readonly ListedRecord[];
  readonly regions: readonly ListedRecord[];
  readonly namespaces: readonly ListedRecord[];
  readonly dax_regions: readonly ListedRecord[];
  readonly dax_seeds?: readonly ListedRecord[];
  readonly cxl_buses: readonly ListedRecord[];
  readonly ports: readonly ListedRecord[];
  readonly endpoints: readonly ListedRecord[];
  readonly memdevs: readonly ListedRecord[];
  readonly decoders: readonly ListedRecord[];
  readonly cxl_regions: readonly ListedRecord[];
}
export type HostTable = Exclude<keyof InventoryHostRecord, 'dax_seeds'>;

/** A host of which nothing is known. */
export const EMPTY_HOST: InventoryHostRecord = {
  buses: [],
  dimms: [],
  regions: [],
  namespaces: [],
  dax_regions: [],
  cxl_buses: [],
  ports: [],
  endpoints: [],
  memdevs: [],
  decoders: [],
  cxl_regions: [],
};

/** Bytes from where the data of the device starts. */
export interface PoisonedRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * `block_size` (bytes) is printed by no tool: derived, or null. `movable` is null where daxctl cannot decide it; the
 * counts where it prints none.
 */
export interface MemoryBlocks {
  readonly online: number | null;
  readonly total: number | null;
  readonly movable: boolean | null;
  readonly block_size: number | null;
}

/**
 * The objects that a device is listed as; every other field of the record follows from them and from the host.
 * `in_cxl_region`: the CXL region that `cxl list -X` printed its dax region inside.
 */
export interface ListedParts {
  readonly namespace: ListedObject | null;
  readonly dax_region: ListedObject | null;
  readonly dax_device: ListedObject | null;
  readonly in_cxl_region?: string;
}

/**
 * One DAX device, in the simulator's terms. Null means that no listing has shown it: keep what is known elsewhere.
 *
 * `size`, `align`: bytes. `size_is_rounded`: only a `-u` figure is known. `phys_addr`: `0x` hex.
 * `media_serial`: CXL serials as `0x` hex, NFIT dimm ids as printed; several in position order, joined by a comma.
 * `cxl_region_from` says how `cxl_region` is known; null with it.
 */
export interface InventoryDeviceRecord {
  readonly name: string;
  readonly mode: DeviceMode;
  /** The word of a mode that is not modelled. */
  readonly mode_as_listed: string | null;
  readonly driver: Driver | null;
  readonly state: 'bound' | 'unbound';
  readonly size: number | null;
  readonly size_is_rounded: boolean;
  readonly align: number | null;
  readonly phys_addr: string | null;
  readonly numa_node: number | null;
  readonly target_node: number | null;
  readonly media_serial: string | null;
  readonly provider: string | null;
  readonly map: string | null;
  readonly uuid: string | null;
  readonly label: string | null;
  readonly memory_blocks: MemoryBlocks | null;
  readonly poisoned_ranges: readonly PoisonedRange[] | null;
  readonly bus: string | null;
  readonly region: string | null;
  readonly namespace: string | null;
  readonly dax_region_id: number | null;
  readonly cxl_region: string | null;
  readonly cxl_region_from: LinkSource | null;
  readonly listed: ListedParts;
}
