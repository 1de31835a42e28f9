import type { PatchMemoryBlock } from '../../model/device_command.ts';
import type { MemoryBlockRun, MemoryRange } from '../../model/host.ts';
import { blockAt, blockName, firstBlock, isOffline, withBlock } from '../../model/memory_block.ts';
import { refuse, type Refusal } from '../../model/refusal.ts';
import { emit, patch, type Transaction } from '../../model/transaction.ts';

type Block = Omit<MemoryBlockRun, 'first' | 'nr_blocks'>;
type Told = Pick<PatchMemoryBlock, 'kernel_pages' | 'removable' | 'valid_zones'>;

/** What `valid_zones` of a block prints that lies in more than one zone. */
export const NO_ZONE = 'none';

/**
 * What the operator has read of a block in `/sys/devices/system/memory/memoryN`, or knows of the kernel's own pages in
 * it. Refused with `invalid_field`: kernel pages in a block that is offline, and zones that the kernel does not print
 * of a block in its state. Source: drivers/base/memory.c removable_show(), valid_zones_show(); KM27.
 */
export function blockAsTold(
  tx: Transaction,
  range: MemoryRange,
  at: number,
  { kernel_pages, removable, valid_zones }: Told,
): MemoryRange | Refusal {
  const name = blockName(range, at);
  if (isOffline(range, at) && (kernel_pages ?? false)) {
    return refuse('invalid_field', `${name} is offline: nothing is in it`, { pointer: '/kernel_pages' });
  }
  let block: Block = blockAt(range, at);
  if (valid_zones !== undefined) {
    const unlike = notPrinted(block, valid_zones);
    if (unlike !== null) return refuse('invalid_field', `${name} ${unlike}`, { pointer: '/valid_zones' });
    block = inZones(block, valid_zones);
  }
  if (removable !== undefined) block = { ...block, removable };
  if (!isOffline(range, at)) block = { ...block, kernel_pages: pagesAsTold(block, kernel_pages) };
  const record = patch(tx, 'memory_ranges', range.id, { blocks: withBlock(range, at, block) });
  const told = { kernel_pages: block.kernel_pages, block: firstBlock(range) + at };
  emit(tx, 'memory_range_changed', `dax-devices/${range.dax_device}`, told);
  return record;
}

/** Why the kernel does not print these zones; null where it does: one online, and the ways to bring it online else. */
function notPrinted({ state }: Block, valid_zones: string): string | null {
  const nr_zones = valid_zones.split(' ').length;
  if (state !== 'offline')
    return nr_zones === 1 ? null : 'is online: it prints the one zone that it is in, or none';
  return valid_zones === NO_ZONE ? 'is offline: it prints the zones that it may be brought to' : null;
}

function inZones(block: Block, valid_zones: string): Block {
  if (block.state === 'offline') return { ...block, valid_zones };
  const zone = valid_zones === NO_ZONE ? null : valid_zones === 'Movable' ? 'Movable' : 'Normal';
  return { ...block, valid_zones, zone, state: zone === block.zone ? block.state : 'online' };
}

/**
 * What sysfs says is not movable may hold pages of the kernel's own, unless it is said at once that it does or not.
 * `removable` is 1 of every block, or of none: it never says that there are no such pages.
 */
function pagesAsTold(
  { kernel_pages, removable, valid_zones }: Block,
  told: boolean | null | undefined,
): boolean | null {
  if (told !== undefined) return told;
  const isKernels = valid_zones !== undefined && valid_zones !== 'Movable';
  return kernel_pages === false && (removable === false || isKernels) ? null : kernel_pages;
}
