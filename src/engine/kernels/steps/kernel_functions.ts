import type { StepName } from '../../model/vocabulary.ts';

/**
 * The kernel functions that the lists of steps are made of: the step that each is, and where it was read. A kernel
 * that calls another function there has another name in its list.
 */
// biome-ignore format: a table is read by its columns
export const KERNEL_FUNCTIONS = {
  // Of nd_pmem, B1.
  nd_pmem_remove:            ['nd_pmem_remove',            'drivers/nvdimm/pmem.c nd_pmem_remove()'],
  dax_holder_notify_failure: ['dax_holder_notify_failure', 'drivers/dax/super.c dax_holder_notify_failure(), fs/xfs/xfs_notify_failure.c xfs_dax_notify_failure()'],
  kill_dax:                  ['kill_dax',                  'drivers/dax/super.c kill_dax()'],
  del_gendisk:               ['del_gendisk',               'block/genhd.c del_gendisk()'],
  // Of device_dax, B2.
  kill_dev_dax:              ['kill_dax',                  'drivers/dax/bus.c kill_dev_dax()'],
  unmap_mapping_range:       ['unmap_mapping_range',       'drivers/dax/bus.c kill_dev_dax()'],
  cdev_del:                  ['cdev_del',                  'drivers/dax/device.c dev_dax_cdev_del()'],
  unregister_dev_dax:        ['unregister_dev_dax',        'drivers/dax/bus.c unregister_dev_dax()'],
  // memory_failure() of every pfn, with MF_MEM_REMOVE, B4.
  dev_pagemap_failure:       ['dev_pagemap_failure',       'mm/memremap.c dev_pagemap_failure(), mm/memory-failure.c memory_failure_dev_pagemap()'],
  // The end of a pgmap: blk_cleanup_queue() is the ->cleanup() of one that a disk had, up to 5.16.
  memunmap_pages:            ['pgmap_drain',               'mm/memremap.c memunmap_pages()'],
  blk_cleanup_queue:         ['pgmap_drain',               'mm/memremap.c memunmap_pages()'],
  arch_remove_memory:        ['arch_remove_memory',        'mm/memremap.c pageunmap_range()'],
  devm_release_mem_region:   ['release_mem_region',        'kernel/resource.c devm_region_release()'],
  // Of kmem.
  memory_failure:            ['kmem_memory_failure',       'the cover letter of 2021'],
  remove_memory:             ['remove_memory',             'drivers/dax/kmem.c dev_dax_kmem_remove()'],
  release_mem_region:        ['release_mem_region',        'drivers/dax/kmem.c dev_dax_kmem_remove()'],
  // Of drivers/cxl, around those of the device. The third took the place of the second between 6.13 and 6.17.
  cxl_region_decode_reset:   ['cxl_region_decode_reset',   'drivers/cxl/core/region.c cxl_region_decode_reset()'],
  cxl_region_detach:         ['cxl_decoder_detach',        'drivers/cxl/core/region.c cxl_region_detach()'],
  __cxl_decoder_detach:      ['cxl_decoder_detach',        'drivers/cxl/core/region.c __cxl_decoder_detach()'],
  cxlr_pmem_unregister:      ['cxl_region_remove',         'drivers/cxl/core/region.c cxlr_pmem_unregister()'],
  cxl_memdev_unregister:     ['cxl_memdev_remove',         'drivers/cxl/core/memdev.c cxl_memdev_unregister()'],
} as const satisfies Readonly<Record<string, readonly [step: StepName, source: string]>>;

/** What a list of steps may name. */
export type KernelFunction = keyof typeof KERNEL_FUNCTIONS;
