import type { ListedItem, Listing } from './listing.ts';
import { textOf } from './read_field.ts';
import { pointerTo } from './refusal.ts';
import type { Skipped } from './skip.ts';

/**
 * The listing without what names an object, or a disk, a second time; that is added to what is skipped.
 *
 * A dax region is told by its path: its id is that of the nd region, which may hold several.
 */
export function withoutTwins(listing: Listing, skipped: Skipped[]): Listing {
  const seen = new Set<string>();
  const isTwin = (item: ListedItem, what: string, name: string, pointer: string): boolean => {
    const key = `${what} ${name}`;
    if (!seen.has(key)) {
      seen.add(key);
      return false;
    }
    const { kind, document } = item;
    const detail = `${name} is named a second time: the first counts`;
    skipped.push({ kind, name: item.name, reason: 'twin', detail, document, pointer });
    return true;
  };
  const items = listing.items.flatMap((item) => {
    const { kind, name, fields, pointer } = item;
    if (kind !== 'dax_region' && isTwin(item, kind, name, pointer)) return [];
    const disk = kind === 'namespace' ? textOf(fields, 'blockdev') : null;
    if (disk === null || !isTwin(item, 'disk', disk, pointerTo(pointer, 'blockdev'))) return [item];
    return [{ ...item, fields: { ...fields, blockdev: { $odd: disk } } }];
  });
  return { ...listing, items };
}
