import type { Change } from './event.ts';
import type { File, Host } from './host.ts';
import { chunked, type Extent, type Extents } from './inode.ts';
import { replaceIn } from './replace_in.ts';
import type { UndoList } from './undo.ts';

/** The extents of a file in chunks, as they stand: a record of a file of many has none. O(1). */
export function extentChunks({ extents }: Host, { id, extents: few }: File): Extents {
  return extents.get(id) ?? chunked(few);
}

/** All of them, in order of offset. O(extents) where they stand beside the record. */
export function extentsOf({ extents }: Host, { id, extents: few }: File): readonly Extent[] {
  const many = extents.get(id);
  return many === undefined ? few : flattened(many);
}

/** flat() takes ten times as long. */
function flattened(extents: Extents): readonly Extent[] {
  const all = new Array<Extent>(extentCount(extents));
  let length = 0;
  for (const chunk of extents) {
    for (const extent of chunk) {
      all[length] = extent;
      length += 1;
    }
  }
  return all;
}

/** How many there are. O(chunks). */
export function extentCount(extents: Extents): number {
  return extents.reduce((sum, { length }) => sum + length, 0);
}

/** The first extent of a file of which it is true. O(extents up to it). */
export function findExtent(host: Host, file: File, holds: (extent: Extent) => boolean): Extent | undefined {
  for (const chunk of extentChunks(host, file)) {
    const found = chunk.find(holds);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The extent of a file that holds a pfn. O(extents up to it). */
export function extentOfPfn(host: Host, file: File, pfn: number): Extent | undefined {
  return findExtent(host, file, (extent) => extent.pfn <= pfn && pfn < extent.pfn + extent.nr_pages);
}

/** Puts the record of a file that has these extents: in it, or beside it. In place. */
export function setExtents(host: Host, file: File, extents: Extents, undo: UndoList): void {
  const [few, many] = extents.length === 1 ? [extents[0]!, undefined] : [[], extents];
  host.tables.files.put(file.id, { ...file, extents: few }, undo);
  replaceIn(host.extents, file.id, many, undo);
}

/**
 * Keeps what stands beside the record of a file that was put or goes. A record without extents leaves it: that is how one
 * reads whose extents stand beside it.
 */
export function keepExtents(
  host: Host,
  change: Extract<Change, { op: 'put' | 'delete' }>,
  undo: UndoList,
): void {
  if (change.kind !== 'files') return;
  if (change.op === 'delete') {
    replaceIn(host.extents, change.id, undefined, undo);
    return;
  }
  const extents = chunked(change.record.extents);
  if (extents.length === 1) replaceIn(host.extents, change.id, undefined, undo);
  else if (extents.length > 1) setExtents(host, change.record, extents, undo);
}
