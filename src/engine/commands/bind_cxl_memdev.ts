import type { CxlMemdev } from '../model/cxl.ts';
import type { BindCxlMemdev } from '../model/device_command.ts';
import { isRefusal, kernelRefuses, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import { bindMemdev } from '../device/cxl/change.ts';
import { findMemdev, memdevGone } from '../device/cxl/chain.ts';
import { returnMemdev } from '../device/cxl/card.ts';

const ZERO_SIZE =
  'the decoder is committed with zero size, so the endpoint fails to probe: a reboot (POST …/reboot) clears it, ' +
  'another card (hotplug event replace) has a clear one';

/**
 * Binds cxl_mem to a memdev, or cxl_pci to its PCI function. ENXIO where its decoder was reset and kept the
 * COMMITTED bit (M97); its function binds all the same, and the memdev is there without a driver (M101, M105).
 */
export function bindCxlMemdev(tx: Transaction, command: BindCxlMemdev): CxlMemdev | Refusal {
  const memdev = findMemdev(tx.host, command.memdev);
  if (isRefusal(memdev)) return memdev;
  if (command.driver === 'cxl_pci') {
    if (memdev.state !== 'gone') return kernelRefuses('EBUSY', 'the PCI function has a driver');
    return returnMemdev(tx, memdev, {});
  }
  if (memdev.state === 'gone') return memdevGone(memdev);
  if (memdev.state === 'enabled') return kernelRefuses('EBUSY', `${memdev.name} has a driver`);
  if (memdev.committed_with_zero_size) {
    return kernelRefuses('ENXIO', ZERO_SIZE);
  }
  return bindMemdev(tx, memdev);
}
