import type { RegionType } from './region_type.ts';
import type { Resource } from './resource.ts';
import type { CxlDecodeState, CxlMemdevState } from './vocabulary.ts';

/** A CXL memory device: the PCI function's memN. Source: drivers/cxl/core/memdev.c. */
export interface CxlMemdev extends Resource {
  /** Its name, until it comes back under another. */
  readonly id: string;
  readonly name: string;
  readonly serial: string | null;
  /** The PCI function, `0000:0d:00.0`. */
  readonly pci: string | null;
  readonly pmem_size: number;
  readonly ram_size: number;
  readonly numa_node: number | null;
  readonly state: CxlMemdevState;
  /** Its NVDIMM device (persistent capacity), null where there is none now. */
  readonly nmem: string | null;
  /** Its HDM decoder was reset and kept the COMMITTED bit: cxl_mem does not bind again (M97). */
  readonly committed_with_zero_size: boolean;
  /** The region that it was a target of when it left. */
  readonly left_region: string | null;
}

/** A CXL region: a range of host physical addresses decoded to one or more memdevs. Source: drivers/cxl/core/region.c. */
export interface CxlRegion extends Resource, RegionType {
  /** Its name. */
  readonly id: string;
  readonly name: string;
  readonly resource: string | null;
  /** Null where no listing tells, as the ways. */
  readonly size: number | null;
  readonly interleave_ways: number | null;
  readonly interleave_granularity: number | null;
  /** Whether its driver is bound. */
  readonly state: 'enabled' | 'disabled';
  /** `reset`: the HDM decoders are cleared, the range decodes to nothing. */
  readonly decode_state: CxlDecodeState;
  readonly locked: boolean;
  readonly mappings: readonly {
    readonly position: number;
    readonly memdev: string;
    readonly decoder: string | null;
  }[];
}
