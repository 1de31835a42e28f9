import type { ListedObject, ListedRecord, ObjectKind } from './record.ts';

/**
 * One object of a listing. `pointer` says where it stands. `dax_region` holds the fields of the region around a
 * dax_device, the very object of its item: an id does not tell regions apart, two namespaces of region0 have two
 * dax regions with the id 0.
 */
export interface ListedItem extends ListedRecord {
  readonly kind: ObjectKind;
  readonly pointer: string;
  readonly dax_region: ListedObject | null;
}

/** `empty`: nothing matched the tool's filters; no one can tell which tool it was [M116, M117]. */
export type ListingFormat = 'ndctl' | 'daxctl' | 'cxl' | 'empty';

/**
 * What one invocation printed, flattened: every object once, parents before children.
 *
 * A `dax_device` inside an ndctl namespace has that namespace as its parent, and carries only `chardev` if the listing
 * was made without -X.
 */
export interface Listing {
  readonly format: ListingFormat;
  readonly items: readonly ListedItem[];
}

/** Items of one kind. */
export function itemsOf(listing: Listing, kind: ObjectKind): readonly ListedItem[] {
  return listing.items.filter((item) => item.kind === kind);
}
