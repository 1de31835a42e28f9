import { ROWS_MAX } from './cut.ts';
import type { Change } from './event.ts';
import type { Host } from './host.ts';
import { deviceOf, must } from './lookup.ts';
import { mappedPfns } from './mapped.ts';
import { rangesIn, rangesOf, setOfRanges, type PfnSet } from './pfn_set.ts';
import type { RemovalRecord } from './removal.ts';
import { replaceIn } from './replace_in.ts';
import type { UndoList } from './undo.ts';

/** What a record tells of the pfns that were mapped: the first 100 ranges, and how many there are (CUT1). */
export function toldMapped(mapped: PfnSet): Pick<RemovalRecord, 'mapped_before' | 'cut'> {
  const ranges = rangesIn(mapped);
  const cut = ranges > ROWS_MAX ? { cut: { mapped_before: ranges } } : {};
  return { mapped_before: rangesOf(mapped, ROWS_MAX), ...cut };
}

/** Whether a removal has more ranges than its record tells. */
export function isApart({ cut }: RemovalRecord): boolean {
  return cut?.mapped_before !== undefined;
}

/** The pfns that were mapped when a removal began, of one that has not counted its pages for good. */
export function mappedBefore(host: Host, removal: RemovalRecord): PfnSet {
  return isApart(removal)
    ? must(host.mapped_before.get(removal.id), `what was mapped before removal ${removal.id}`)
    : setOfRanges(removal.mapped_before);
}

/** What is mapped of its device now is what was mapped when the removal began. In place. */
export function noteMapped(host: Host, id: string, undo: UndoList): void {
  const { dax_device } = must(host.tables.removals.get(id), `removal ${id}`);
  replaceIn(host.mapped_before, id, mappedPfns(host, deviceOf(host, dax_device)), undo);
}

/** Nothing asks for it once the pages are counted for good, or its record tells all of it. */
export function forgetMapped(
  host: Host,
  change: Extract<Change, { op: 'put' | 'delete' }>,
  undo: UndoList,
): void {
  if (change.kind !== 'removals') return;
  const isAskedFor = change.op === 'put' && isApart(change.record) && !hasCounted(change.record);
  if (!isAskedFor) replaceIn(host.mapped_before, change.id, undefined, undo);
}

function hasCounted({ state }: RemovalRecord): boolean {
  return state === 'completed' || state === 'stuck';
}
