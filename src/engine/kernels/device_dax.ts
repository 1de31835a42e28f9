import { CHANGES } from './changes.ts';
import { row } from './row.ts';

const vma = 'check_vma' as const;
const entry = '__list_del_entry_valid' as const;
const report = '__list_del_entry_valid_or_report' as const;

/** In which functions the node of a device-dax oopses. */
// biome-ignore format: a table is read by its columns
export const DEVICE_DAX = {
  //                v5.10  letter posted armed  v6.1   v6.12   v7.3
  /** mmap(2) through a descriptor that has no dev_dax. */
  mmap_oopses_in:  row([vma,   vma,   vma,   vma,   vma,   vma,    '__check_vma'], 'check_vma(), __check_vma()',             'S15', CHANGES.mmap_prepare),
  /** The eviction of an inode that is on a list of inodes of a cdev, and is not. */
  evict_oopses_in: row([entry, entry, entry, entry, entry, report, report],        'cd_forget(), __list_del_entry_valid()', 'S20', CHANGES.list_del_report),
};
