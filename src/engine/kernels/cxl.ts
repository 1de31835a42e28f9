import type { CxlRegionType } from '../model/vocabulary.ts';

/** What drivers/cxl does, kernel by kernel; all null and empty where there is none for memory (M95). */
export interface CxlFacts {
  /** The regions whose driver binds (M95, M112). */
  readonly region_types: readonly CxlRegionType[];
  /** Whether the HDM decoders are reset before the consumers unbind when a memdev goes (M109). */
  readonly decode_reset_before_release: 'always' | 'unless_locked' | null;
  /** The memN of a PCI function that is bound or scanned again (M101, M154). */
  readonly memdev_on_return: 'next_number' | 'same_number' | null;
  readonly nmem_after_cxl_mem_unbind: 'stays' | 'gone' | null;
  /** A persistent region over a memdev whose serial is 0 (M113). */
  readonly serial_zero_pmem: 'allowed' | 'ENXIO' | null;
}

export const NO_CXL: CxlFacts = {
  region_types: [],
  decode_reset_before_release: null,
  memdev_on_return: null,
  nmem_after_cxl_mem_unbind: null,
  serial_zero_pmem: null,
};

export const CXL_V61: CxlFacts = {
  region_types: ['pmem'],
  decode_reset_before_release: 'always',
  memdev_on_return: 'next_number',
  nmem_after_cxl_mem_unbind: 'stays',
  serial_zero_pmem: 'allowed',
};

export const CXL_V612: CxlFacts = {
  ...CXL_V61,
  region_types: ['pmem', 'ram'],
  memdev_on_return: 'same_number',
  nmem_after_cxl_mem_unbind: 'gone',
};

export const CXL_V73: CxlFacts = {
  ...CXL_V612,
  decode_reset_before_release: 'unless_locked',
  serial_zero_pmem: 'ENXIO',
};
