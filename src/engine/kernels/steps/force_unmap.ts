import type { StepLists } from './lists.ts';

/** The series as its letter describes it: memory_failure() of the whole device once it is dead, while it is mounted. */
// biome-ignore format: a list is read as a line
export const FORCE_UNMAP: StepLists = {
  fsdax:             ['nd_pmem_remove', 'kill_dax', 'del_gendisk', 'dev_pagemap_failure', 'blk_cleanup_queue', 'arch_remove_memory', 'devm_release_mem_region'],
  devdax:            ['kill_dev_dax', 'unmap_mapping_range', 'cdev_del', 'memunmap_pages', 'arch_remove_memory', 'devm_release_mem_region'],
  devdax_parent:     ['kill_dev_dax', 'unmap_mapping_range', 'cdev_del', 'memunmap_pages', 'arch_remove_memory', 'devm_release_mem_region', 'unregister_dev_dax'],
  raw:               ['nd_pmem_remove', 'kill_dax', 'del_gendisk', 'devm_release_mem_region'],
  system_ram:        ['memory_failure', 'remove_memory', 'release_mem_region'],
  system_ram_parent: ['memory_failure', 'remove_memory', 'release_mem_region', 'unregister_dev_dax'],
  cxl_region:        [],
  cxl_memdev:        [],
};

/** FU9, where it is turned on: device-dax gets memory_failure() too, before its inode is unmapped. */
// biome-ignore format: a list is read as a line
export const DEVDAX_MEMORY_FAILURE: Partial<StepLists> = {
  devdax:            ['kill_dev_dax', 'dev_pagemap_failure', 'unmap_mapping_range', 'cdev_del', 'memunmap_pages', 'arch_remove_memory', 'devm_release_mem_region'],
  devdax_parent:     ['kill_dev_dax', 'dev_pagemap_failure', 'unmap_mapping_range', 'cdev_del', 'memunmap_pages', 'arch_remove_memory', 'devm_release_mem_region', 'unregister_dev_dax'],
};

/** FU11, where it is turned on: the same calls, of which the first then does what the letter proposes. */
export const KMEM_MEMORY_FAILURE: Pick<StepLists, 'system_ram' | 'system_ram_parent'> = {
  system_ram: FORCE_UNMAP.system_ram,
  system_ram_parent: FORCE_UNMAP.system_ram_parent,
};
