import type { StepLists } from './lists.ts';

/** Linux 5.10: the file system is not notified, and the end of the pgmap waits for every page. */
// biome-ignore format: a list is read as a line
export const V5_10: StepLists = {
  fsdax:             ['nd_pmem_remove', 'kill_dax', 'del_gendisk', 'blk_cleanup_queue', 'arch_remove_memory', 'devm_release_mem_region'],
  devdax:            ['kill_dev_dax', 'unmap_mapping_range', 'cdev_del', 'memunmap_pages', 'arch_remove_memory', 'devm_release_mem_region'],
  devdax_parent:     ['kill_dev_dax', 'unmap_mapping_range', 'cdev_del', 'memunmap_pages', 'arch_remove_memory', 'devm_release_mem_region', 'unregister_dev_dax'],
  raw:               ['nd_pmem_remove', 'kill_dax', 'del_gendisk', 'devm_release_mem_region'],
  system_ram:        ['remove_memory', 'release_mem_region'],
  system_ram_parent: ['remove_memory', 'release_mem_region', 'unregister_dev_dax'],
  cxl_region:        [],
  cxl_memdev:        [],
};
