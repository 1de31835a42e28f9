import type { DaxDevice } from '../model/host.ts';
import type { ClearErrors } from '../model/device_command.ts';
import { deviceOf, findModelled } from '../model/lookup.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import { SECTOR_BYTES } from '../model/vocabulary.ts';
import { clearSectors, clearsPoison } from '../memory_failure/clear_sectors.ts';

/**
 * `ndctl clear-errors` of a range of bytes: the sectors that lie in it whole are bad no more where the device can
 * replace what it cannot read, and PG_hwpoison of pages that are good again goes; counters are not lowered (M22, MF19).
 * Source: drivers/nvdimm/bus.c nvdimm_clear_badblocks_region(), drivers/nvdimm/pmem.c.
 */
export function clearErrors(tx: Transaction, command: ClearErrors): DaxDevice | Refusal {
  const device = findModelled(tx.host, command.dax_device);
  if (isRefusal(device)) return device;
  if (command.length < 1) return refuse('invalid_field', 'length must be positive', { pointer: '/length' });
  if (command.offset + command.length > device.size)
    return refuse('out_of_range', 'the range reaches past the end of the device', { pointer: '/length' });
  const clears = clearsPoison(device, 'ndctl');
  if (isRefusal(clears)) return clears;
  if (!clears) return refuse('tool_refused', 'ndctl: the device has no ND_CMD_CLEAR_ERROR', { errno: null });
  const first = Math.ceil(command.offset / SECTOR_BYTES);
  const end = Math.floor((command.offset + command.length) / SECTOR_BYTES);
  clearSectors(tx, device, { offset: first, length: end - first });
  return deviceOf(tx.host, device.name);
}
