import { badblocksIn, dropBadblocks, pagesOf } from '../mm/badblocks.ts';
import { clearHwpoison } from '../mm/hwpoison.ts';
import type { DaxDevice } from '../model/host.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { patch, emit, type Transaction } from '../model/transaction.ts';
import { segmentsOf, flagUnit } from './segments.ts';

/** Clears what is bad in whole pages: of the device and of its region, and the flags of pages that were bad. */
export function clearPages(tx: Transaction, device: DaxDevice, [pfn, nr_pages]: PfnRange): void {
  const gone = badblocksIn(device, pfn, nr_pages);
  if (gone.length === 0) return;
  const badblocks = dropBadblocks(device.badblocks, gone);
  patch(tx, 'dax_devices', device.name, { badblocks });
  clearHwpoison(
    tx,
    device.name,
    pagesOf(device, gone).flatMap((pages) => withHeads(tx, device, pages)),
  );
  emit(tx, 'dax_device_changed', `dax-devices/${device.name}`, { errors_cleared: gone });
}

/** Pages, and where PG_hwpoison sits on the head of what they lie in, all from there (M22). */
function withHeads(tx: Transaction, device: DaxDevice, pages: PfnRange): PfnRange[] {
  return segmentsOf(tx, device, pages).map(({ pfn, nr_pages, fate }) => {
    const before = fate.kind === 'entry' ? fate.index % flagUnit(tx, device, fate) : 0;
    return [pfn - before, nr_pages + before];
  });
}
