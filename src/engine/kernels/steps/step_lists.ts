import { CHANGES } from '../changes.ts';
import { row, type ByKernel } from '../row.ts';
import { FORCE_UNMAP } from './force_unmap.ts';
import { FORCE_UNMAP_V5_10 } from './force_unmap_v5_10.ts';
import { FORCE_UNMAP_V5_12 } from './force_unmap_v5_12.ts';
import type { KernelFunction } from './kernel_functions.ts';
import type { StepLists } from './lists.ts';
import { V5_10 } from './v5_10.ts';
import { V6_1 } from './v6_1.ts';
import { V6_12 } from './v6_12.ts';
import { V7_3 } from './v7_3.ts';

type List = readonly KernelFunction[];
const lists = row<List>;

/** The lists of one kind of device, kernel by kernel. */
function of(kind: keyof StepLists): ByKernel<List> {
  return [
    V5_10[kind],
    FORCE_UNMAP[kind],
    FORCE_UNMAP_V5_10[kind],
    FORCE_UNMAP_V5_12[kind],
    V6_1[kind],
    V6_12[kind],
    V7_3[kind],
  ];
}

/** fsdax on 5.17 to 5.19: the end of the pgmap is that of later kernels already, and nobody is told. */
const fsdaxFrom517 = V5_10.fsdax.map((called) =>
  called === 'blk_cleanup_queue' ? 'memunmap_pages' : called,
);

const { external_refs, notify_failure, cxl_pmem_region, decoder_detach } = CHANGES;

/** The steps of a removal by kernel: every list as a row, with the changes that made it another. */
// biome-ignore format: a table is read by its columns
export const STEP_LISTS = {
  fsdax:             lists(of('fsdax'),             'nd_pmem_remove(), kill_dax(), memunmap_pages()', 'B1, B3', [external_refs, fsdaxFrom517], notify_failure),
  devdax:            lists(of('devdax'),            'kill_dev_dax(), memunmap_pages()',               'B2'),
  devdax_parent:     lists(of('devdax_parent'),     'unregister_dev_dax()',                           'B2'),
  raw:               lists(of('raw'),               'nd_pmem_remove(), del_gendisk()',                'B1'),
  system_ram:        lists(of('system_ram'),        'dev_dax_kmem_remove()',                          'KM3'),
  system_ram_parent: lists(of('system_ram_parent'), 'dev_dax_kmem_remove(), unregister_dev_dax()',    'KM3'),
  cxl_region:        lists(of('cxl_region'),        'cxlr_pmem_unregister()',                         'CX1',    cxl_pmem_region),
  cxl_memdev:        lists(of('cxl_memdev'),        'cxl_memdev_unregister(), cxl_region_detach()',   'CX1',    cxl_pmem_region, decoder_detach),
} satisfies { readonly [Kind in keyof StepLists]: unknown };
