import { mayHoldKernelPages } from '../../model/memory_block.ts';
import type { MemoryBlockRun } from '../../model/host.ts';
import { kernelRefuses, refuse, type Refusal } from '../../model/refusal.ts';

/**
 * Why these online blocks do not go offline, as far as the kernel's own pages decide it: EBUSY where such pages are
 * told, and where nobody has told and the zone allows them, chance: the refusal says what is possible (KM6, M79).
 * Source: mm/memory_hotplug.c offline_pages(), mm/page_isolation.c has_unmovable_pages().
 */
export function refusesOffline(
  runs: readonly Pick<MemoryBlockRun, 'state' | 'zone' | 'kernel_pages'>[],
  what: string,
): Refusal | null {
  if (runs.some(({ kernel_pages }) => kernel_pages === true))
    return kernelRefuses('EBUSY', `${what}: the kernel has pages there that cannot move`);
  if (!runs.some(mayHoldKernelPages)) return null;
  const detail = `${what} is not known to be in ZONE_MOVABLE: whether it goes offline depends on what the kernel has allocated there; PATCH the memory block with {"kernel_pages": false} or true`;
  return refuse('outcome_unknown', detail, {
    possible: [
      { outcome: 'EBUSY', when: 'the kernel has a page there that cannot move, of a slab for example' },
      { outcome: 'offline', when: 'all that is there can move' },
    ],
  });
}
