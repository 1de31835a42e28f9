import type { Host, Pin } from '../model/host.ts';
import { must } from '../model/lookup.ts';
import { pfnsOf } from '../model/memory_block.ts';
import { hotplugLock } from '../model/memory_range.ts';
import { addPfns, meets, pagesIn, pfnList, setOf, setOfRanges, within, without } from '../model/pfn_set.ts';
import type { PfnSet } from '../model/pfn_set.ts';
import type { RemovalRecord, RemovalReport, StepRecord, WaitingOn } from '../model/removal.ts';

type Waiting = Pick<RemovalRecord, 'steps' | 'waiting_on'>;

/**
 * Pages that are held as a removal begins to wait for pins, each once however many hold it (RM14): a pgmap has one
 * reference for each of its pages until the last reference of the page goes. Behind an offline they are those of its
 * block. Nothing where no pin holds it up. O(ranges of the pins).
 * Source: mm/memremap.c memunmap_pages(), mm/swap.c __put_page(), mm/memory_hotplug.c offline_pages().
 */
export function pagesWaitedFor(
  host: Host,
  { steps, waiting_on }: Waiting,
): Pick<RemovalReport, 'pages_waited_for'> {
  if (waiting_on.length === 0) return {};
  const held = pagesIn(heldBy(host, steps, waiting_on.map(pinIn(host))));
  return { pages_waited_for: { held, still_held: held } };
}

/** Pages that pins have let go, but for those that are left hold: what a removal that waited for all now waits for less. O(ranges of these pins). */
export function pagesLetGo(host: Host, { steps, waiting_on }: Waiting, gone: readonly Pin[]): number {
  const let_go = heldBy(host, steps, gone);
  const shared = pfnList();
  for (const { pfn_ranges } of waiting_on.map(pinIn(host)))
    for (const [pfn, nr_pages] of pfn_ranges)
      if (meets(let_go, pfn, nr_pages)) addPfns(shared, pfn, nr_pages);
  return pagesIn(without(let_go, setOf(shared)));
}

/** The report once so many pages are still held, of so many before; one from when they were not counted stays as it is. */
export function withStillHeld(report: RemovalReport, count: (before: number) => number): RemovalReport {
  const { pages_waited_for } = report;
  if (pages_waited_for === undefined) return report;
  const still_held = count(pages_waited_for.still_held);
  return { ...report, pages_waited_for: { ...pages_waited_for, still_held } };
}

function pinIn({ tables }: Host): (wait: WaitingOn) => Pin {
  return ({ pin }) => must(tables.pins.get(pin), 'pin', pin);
}

/** What pins hold of what the step waits for. */
function heldBy(host: Host, steps: readonly StepRecord[], pins: readonly Pin[]): PfnSet {
  const held = setOfRanges(pins.flatMap(({ pfn_ranges }) => pfn_ranges));
  const isBehindOffline = steps.some(({ name, state }) => name === 'remove_memory' && state === 'waiting');
  const lock = isBehindOffline ? hotplugLock(host) : null;
  return lock === null ? held : within(held, ...pfnsOf(lock, lock.offlining!));
}
