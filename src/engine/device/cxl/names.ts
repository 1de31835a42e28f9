import type { CxlMemdev } from '../../model/cxl.ts';
import type { Transaction } from '../../model/transaction.ts';

/** The first number above every memdev there has been. */
export function freeMemdev(tx: Transaction): string {
  return nextName('mem', tx.host.tables.cxl_memdevs.keys());
}

/** The first number above every region there has been. */
export function freeRegion(tx: Transaction): string {
  return nextName('region', tx.host.tables.cxl_regions.keys());
}

function nextName(prefix: string, taken: Iterable<string>): string {
  let next = 0;
  for (const name of taken) {
    const digits = new RegExp(`^${prefix}(\\d+)$`).exec(name)?.[1];
    if (digits !== undefined) next = Math.max(next, Number(digits) + 1);
  }
  return `${prefix}${String(next)}`;
}

/** The NVDIMM device of persistent capacity, numbered as the memdev. */
export function nmemOf({ name, pmem_size }: Pick<CxlMemdev, 'name' | 'pmem_size'>): string | null {
  return pmem_size > 0 ? name.replace(/^mem/, 'nmem') : null;
}
