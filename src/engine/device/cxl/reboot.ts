import { factsOf } from '../../kernels/of_host.ts';
import type { Transaction } from '../../model/transaction.ts';
import { changeMemdev, changeRegion } from './change.ts';
import { isTyped } from './region_type.ts';
import { nmemOf } from './names.ts';

/**
 * The CXL chain after a reboot: the kernel that comes up binds every memdev that is there, whose decoders are clear
 * again, and every region that is still committed and of a type it knows (M95, M112). A region that was reset
 * stays so (CX6); whether one of a type that is not modelled binds, nobody knows: it stays as it is (CX23).
 */
export function rebootCxl(tx: Transaction): void {
  const { cxl_memdevs, cxl_regions } = tx.host.tables;
  const { cxl } = factsOf(tx.host);
  for (const memdev of cxl_memdevs.values()) {
    if (memdev.state === 'gone') continue;
    const bound = cxl.region_types.length > 0;
    const nmem = bound ? nmemOf(memdev) : null;
    const state = bound ? 'enabled' : 'disabled';
    changeMemdev(tx, memdev.name, { state, nmem, committed_with_zero_size: false });
  }
  for (const region of cxl_regions.values()) {
    if (!isTyped(region) && cxl.region_types.length > 0) continue;
    const up = region.decode_state === 'commit' && isTyped(region) && cxl.region_types.includes(region.type);
    changeRegion(tx, region.name, { state: up ? 'enabled' : 'disabled' });
  }
}
