import { offlineAll } from '../device/kmem/offline_all.ts';
import type { DaxDevice } from '../model/host.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import { regionTool } from '../model/via.ts';
import type { RemoveVia } from '../model/vocabulary.ts';

/**
 * `cxl disable-region` and `destroy-region` offline the memory of a region before they unbind it. Where the kernel says
 * no, so does the tool; with -f it goes on, and what is online leaks (CX20). Source: cxl/region.c disable_region(), v81.
 */
export function offlineFirst(tx: Transaction, via: RemoveVia | undefined, device: DaxDevice): Refusal | null {
  const tool = regionTool(via);
  if (tool === null) return null;
  const refusal = offlineAll(tx, device);
  if (refusal?.errno !== 'EBUSY') return refusal;
  if (tool.force) return null;
  const detail = `cxl region: disable_region: unable to offline ${device.name}: ${refusal.detail}`;
  return refuse('tool_refused', detail, { errno: 'EBUSY' });
}
