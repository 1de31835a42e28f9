import type { StepLists } from './lists.ts';

/** The series as posted: DAX dies behind the disk, so that stores in between make entries writable again (R158). */
// biome-ignore format: a list is read as a line
export const FORCE_UNMAP_V5_10: StepLists = {
  fsdax:             ['nd_pmem_remove', 'del_gendisk', 'kill_dax', 'dev_pagemap_failure', 'blk_cleanup_queue', 'arch_remove_memory', 'devm_release_mem_region'],
  devdax:            ['kill_dev_dax', 'unmap_mapping_range', 'cdev_del', 'memunmap_pages', 'arch_remove_memory', 'devm_release_mem_region'],
  devdax_parent:     ['kill_dev_dax', 'unmap_mapping_range', 'cdev_del', 'memunmap_pages', 'arch_remove_memory', 'devm_release_mem_region', 'unregister_dev_dax'],
  raw:               ['nd_pmem_remove', 'kill_dax', 'del_gendisk', 'devm_release_mem_region'],
  system_ram:        ['remove_memory', 'release_mem_region'],
  system_ram_parent: ['remove_memory', 'release_mem_region', 'unregister_dev_dax'],
  cxl_region:        [],
  cxl_memdev:        [],
};
