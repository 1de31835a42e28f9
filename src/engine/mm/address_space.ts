import type { DaxDevice, File, Mapping } from '../model/host.ts';
import { livingMappings, mappingsOfDevice, mappingsOfFile, pfnOf } from '../model/lookup.ts';
import type { Transaction } from '../model/transaction.ts';

/** What `page->mapping` of a DAX page leads to: an inode's pages by index, and the VMAs that map them. */
export interface AddressSpace {
  /** VMAs whose task still has its memory, in order of creation. */
  readonly maps: readonly Mapping[];
  /** The pfn at a page index. */
  readonly pfnAt: (index: number) => number;
}

/** The pages of a DAX file. */
export function fileSpace(tx: Transaction, file: File): AddressSpace {
  const pfnAt = (index: number): number => pfnOf(tx.host, file, index);
  return { maps: livingMappings(tx.host, mappingsOfFile(tx.host, file.id)), pfnAt };
}

/** The one shared inode of a device-dax: its index counts from the device's first page. */
export function nodeSpace(tx: Transaction, device: DaxDevice): AddressSpace {
  const maps = mappingsOfDevice(tx.host, device.name).filter((mapping) => {
    return mapping.file === null && mapping.device_instance === device.instance;
  });
  return { maps: livingMappings(tx.host, maps), pfnAt: (index) => device.base_pfn + index };
}
