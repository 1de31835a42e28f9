import { PROFILES } from '../../kernels/profiles.ts';
import type { Transaction } from '../../model/transaction.ts';
import type { KernelName } from '../../model/vocabulary.ts';
import { changeMemdev, changeRegion } from './change.ts';
import { nmemOf } from './names.ts';

/**
 * The CXL chain after a reboot: the kernel that comes up binds every memdev that is there, whose decoders are clear
 * again, and every region that is still committed and of a type it knows (M95, M112). A region that was reset
 * stays so (CX6).
 */
export function rebootCxl(tx: Transaction, kernel: KernelName): void {
  const { cxl_memdevs, cxl_regions } = tx.host.tables;
  const { region_types } = PROFILES[kernel].facts.cxl;
  for (const memdev of cxl_memdevs.values()) {
    if (memdev.state === 'gone') continue;
    const bound = region_types.length > 0;
    const nmem = bound ? nmemOf(memdev) : null;
    const state = bound ? 'enabled' : 'disabled';
    changeMemdev(tx, memdev.name, { state, nmem, committed_with_zero_size: false });
  }
  for (const { name, type, decode_state } of cxl_regions.values()) {
    const up = decode_state === 'commit' && region_types.includes(type);
    changeRegion(tx, name, { state: up ? 'enabled' : 'disabled' });
  }
}
