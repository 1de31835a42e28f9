import type { Answer } from '../answer.ts';
import { badblocksIn, dropBadblocks, pagesOf } from '../mm/badblocks.ts';
import type { Command } from '../model/command.ts';
import type { DaxDevice } from '../model/host.ts';
import { deviceOf, findDevice } from '../model/lookup.ts';
import type { PfnRange } from '../model/pfn_range.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { clearHwpoison } from '../mm/hwpoison.ts';
import { flagUnit, segmentsOf } from '../memory_failure/segments.ts';

/**
 * `ndctl clear-errors` of a range: the badblocks in its pages go where the device can replace what it cannot read,
 * and PG_hwpoison of those pages with them; counters are not lowered (M22).
 * Source: drivers/nvdimm/bus.c nvdimm_clear_badblocks_region(), drivers/nvdimm/pmem.c.
 */
export function clearErrors(
  tx: Transaction,
  command: Extract<Command, { type: 'clear_errors' }>,
): Answer | Refusal {
  const device = findDevice(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  if (command.length < 1) return refuse('invalid_field', 'length must be positive', { pointer: '/length' });
  if (command.offset + command.length > device.size)
    return refuse('out_of_range', 'the range reaches past the end of the device', { pointer: '/length' });
  if (!device.clears_poison)
    return refuse('tool_refused', 'ndctl: the device has no ND_CMD_CLEAR_ERROR', { errno: null });
  const first = Math.floor(command.offset / PAGE_BYTES);
  const end = Math.ceil((command.offset + command.length) / PAGE_BYTES);
  clearPages(tx, device, [device.base_pfn + first, end - first]);
  return { record: deviceOf(tx.host, device.name) };
}

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
