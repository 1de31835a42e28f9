import type { StepLists } from './lists.ts';

/** Linux 6.1: kill_dax() notifies the holder first, which is xfs, and nothing waits for pages. */
// biome-ignore format: a list is read as a line
export const V6_1: StepLists = {
  fsdax:             ['nd_pmem_remove', 'dax_holder_notify_failure', 'kill_dax', 'del_gendisk', 'memunmap_pages', 'arch_remove_memory', 'devm_release_mem_region'],
  devdax:            ['kill_dev_dax', 'unmap_mapping_range', 'cdev_del', 'memunmap_pages', 'arch_remove_memory', 'devm_release_mem_region'],
  devdax_parent:     ['kill_dev_dax', 'unmap_mapping_range', 'cdev_del', 'memunmap_pages', 'arch_remove_memory', 'devm_release_mem_region', 'unregister_dev_dax'],
  raw:               ['nd_pmem_remove', 'kill_dax', 'del_gendisk', 'devm_release_mem_region'],
  system_ram:        ['remove_memory', 'release_mem_region'],
  system_ram_parent: ['remove_memory', 'release_mem_region', 'unregister_dev_dax'],
  cxl_region:        ['cxlr_pmem_unregister'],
  cxl_memdev:        ['cxl_region_decode_reset', 'cxl_region_detach', 'cxlr_pmem_unregister', 'cxl_memdev_unregister'],
};
