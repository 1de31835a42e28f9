import type { ImportedCxl } from '../../model/host_command.ts';
import { emit, identity, put, type Transaction } from '../../model/transaction.ts';

/** A memdev of which no decoder has been reset, and which has left no region. */
export const NEVER_RESET = { committed_with_zero_size: false, left_region: null } as const;

/** Memdevs and regions as a `cxl list` shows them: the listing wins. */
export function importCxl(tx: Transaction, { memdevs, regions }: ImportedCxl): void {
  const { cxl_memdevs, cxl_regions } = tx.host.tables;
  for (const memdev of memdevs) {
    const before = cxl_memdevs.get(memdev.name) ?? { ...identity(tx), ...NEVER_RESET };
    put(tx, 'cxl_memdevs', memdev.name, { ...before, ...memdev, id: memdev.name });
    emit(tx, 'cxl_memdev_changed', `cxl-memdevs/${memdev.name}`, { imported: true });
  }
  for (const region of regions) {
    const before = cxl_regions.get(region.name) ?? { ...identity(tx), locked: false };
    put(tx, 'cxl_regions', region.name, { ...before, ...region, id: region.name });
    emit(tx, 'cxl_region_changed', `cxl-regions/${region.name}`, { imported: true });
  }
}
