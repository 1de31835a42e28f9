import { levelPages, type Level } from '../model/mapping_table.ts';
import { insertEntries } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { nextPresent, type Step, type Walk } from './fault_walk.ts';
import { isAlive } from './cdev.ts';
import { markFaulted } from './hwpoison.ts';

/** drivers/dax/device.c check_vma(), dev_dax_huge_fault(): entries of the device's align, as writable as the VMA (D3). */
export function missingChardev(walk: Walk, index: number): Step {
  const { device, mapping } = walk;
  if (!isAlive(device) || device.instance !== mapping.device_instance) return { why: 'sigbus', index };
  const level: Level = device.align === 4096 ? 'pte' : device.align === 2097152 ? 'pmd' : 'pud';
  const unit = levelPages(level);
  const from = Math.floor(index / unit) * unit;
  const last = Math.min(mapping.length, device.size - mapping.offset) / PAGE_BYTES;
  const to = Math.min(Math.floor(last / unit) * unit, Math.ceil(nextPresent(walk, index) / unit) * unit);
  // dax_pgoff_to_phys() finds nothing where the entry would pass the end of the device.
  if (to <= index) return { why: 'sigbus', index };
  const pfn = device.base_pfn + mapping.offset / PAGE_BYTES + from;
  const nr_pages = to - from;
  walk.faults[level] += nr_pages / unit;
  insertEntries(walk.tx, mapping.id, [
    { index: from, nr_pages, pfn, level, kind: 'dax', writable: mapping.prot === 'rw', pgmap: device.pgmap },
  ]);
  markFaulted(walk.tx, device.name, [pfn, nr_pages]);
  return to;
}
