import { mayHoldKernelPages } from '../../model/memory_block.ts';
import type { MemoryBlockRun } from '../../model/host.ts';
import { kernelRefuses, refuse, type Possible, type Refusal } from '../../model/refusal.ts';
import { NO_ZONE } from './block_as_told.ts';

type Blocks = readonly Omit<MemoryBlockRun, 'first' | 'nr_blocks'>[];

/** What the offline of blocks comes to where all that is there can move. */
export const GOES_OFFLINE = 'offline';

/**
 * Why these online blocks do not go offline, as far as what is in them decides it: EBUSY where pages of the kernel's own
 * are told, EINVAL where they lie in more than one zone, and where nobody has told and the zone allows such pages,
 * chance: the refusal says what is possible (KM6, M79).
 * Source: mm/memory_hotplug.c offline_pages(), mm/page_isolation.c has_unmovable_pages().
 */
export function refusesOffline(blocks: Blocks, what: string): Refusal | null {
  if (blocks.some(({ valid_zones }) => valid_zones === NO_ZONE))
    return kernelRefuses('EINVAL', `${what}: its pages are in more than one zone`);
  if (blocks.some(({ kernel_pages }) => kernel_pages === true))
    return kernelRefuses('EBUSY', `${what}: the kernel has pages there that cannot move`);
  const possible = offlineMay(blocks);
  if (possible.length === 0) return null;
  const detail = `whether ${what} goes offline depends on what the kernel has allocated there, which nobody has told; PATCH the memory block with {"kernel_pages": false} or true`;
  return refuse('outcome_unknown', detail, { possible });
}

/**
 * What the offline of these blocks may come to, where chance decides it; none where it does not.
 * Source: drivers/base/memory.c removable_show() (53cdc1cb29e8), include/linux/memory_hotplug.h offline_pages().
 */
function offlineMay(blocks: Blocks): readonly Possible[] {
  const uncertain = blocks.filter(mayHoldKernelPages);
  if (uncertain.length === 0) return [];
  const without = uncertain.some(({ removable }) => removable === false);
  return [
    { outcome: 'EBUSY', when: 'the kernel has a page there that cannot move, of a slab for example' },
    ...(without ? [WITHOUT_HOTREMOVE] : []),
    { outcome: GOES_OFFLINE, when: 'all that is there can move' },
  ];
}

const WITHOUT_HOTREMOVE: Possible = {
  outcome: 'EINVAL',
  when: 'the kernel was built without CONFIG_MEMORY_HOTREMOVE: since 5.6 `removable` is 0 of no other',
};
