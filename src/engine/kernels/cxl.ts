import type { KnownRegionType } from '../model/region_type.ts';
import { CHANGES } from './changes.ts';
import { row } from './row.ts';

const none: readonly KnownRegionType[] = [];
const pmem: readonly KnownRegionType[] = ['pmem'];
const ram: readonly KnownRegionType[] = ['pmem', 'ram'];

const introduced = CHANGES.cxl_pmem_region;

/** What drivers/cxl does; all null and empty where there is none for memory. */
// biome-ignore format: a table is read by its columns
export const CXL = {
  //                                v5.10  letter  posted  armed  v6.1           v6.12          v7.3
  /** The regions whose driver binds. */
  region_types:                row([none,  none,   none,   none,  pmem,          ram,           ram],             'cxl_region_probe()',        'M95, M112',  introduced, CHANGES.cxl_ram_region),
  /** Whether the HDM decoders are reset before the consumers unbind when a memdev goes. */
  decode_reset_before_release: row([null,  null,   null,   null,  'always',      'always',      'unless_locked'], 'cxl_region_decode_reset()', 'M109',       introduced, CHANGES.region_locked),
  /** The memN of a PCI function that is bound or scanned again. */
  memdev_on_return:            row([null,  null,   null,   null,  'next_number', 'same_number', 'same_number'],   'cxl_memdev_alloc()',        'M101, M154', introduced, CHANGES.nvdimm_of_memdev),
  nmem_after_cxl_mem_unbind:   row([null,  null,   null,   null,  'stays',       'gone',        'gone'],          'devm_cxl_add_nvdimm()',     'M96',        introduced, CHANGES.nvdimm_of_memdev),
  /** A persistent region over a memdev whose serial is 0. */
  serial_zero_pmem:            row([null,  null,   null,   null,  'allowed',     'allowed',     'ENXIO'],         'cxl_pmem_region_probe()',   'M113',       introduced, CHANGES.serial_checked),
};
