import type { DaxDevice } from '../model/host.ts';
import type { ClearErrors } from '../model/device_command.ts';
import { deviceOf, findDevice } from '../model/lookup.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import { PAGE_BYTES } from '../model/vocabulary.ts';
import { clearPages } from '../memory_failure/clear_pages.ts';

/**
 * `ndctl clear-errors` of a range: the badblocks in its pages go where the device can replace what it cannot read,
 * and PG_hwpoison of those pages with them; counters are not lowered (M22).
 * Source: drivers/nvdimm/bus.c nvdimm_clear_badblocks_region(), drivers/nvdimm/pmem.c.
 */
export function clearErrors(tx: Transaction, command: ClearErrors): DaxDevice | Refusal {
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
  return deviceOf(tx.host, device.name);
}
