import type { ListedObject, ListedRecord, ObjectKind } from './record.ts';

/**
 * One object of a listing. `pointer` says where it stands in the `document` of the text, counted from 0. `dax_region`
 * holds the fields of the region around a dax_device, the very object of its item: an id does not tell regions apart,
 * two namespaces of region0 have two dax regions with the id 0.
 */
export interface ListedItem extends ListedRecord {
  readonly kind: ObjectKind;
  readonly document: number;
  readonly pointer: string;
  readonly dax_region: ListedObject | null;
}

/** Where an object stands in a text. */
export type ListedAt = Pick<ListedItem, 'document' | 'pointer'>;

/** The tools that print listings. */
export const TOOLS = ['ndctl', 'daxctl', 'cxl'] as const;
export type Tool = (typeof TOOLS)[number];

/**
 * What one invocation printed, flattened: every object once, parents before children.
 *
 * A `dax_device` inside an ndctl namespace has that namespace as its parent, and carries only `chardev` if the listing
 * was made without -X. `is_single`: it was printed as one object, as -u prints the only one.
 */
export interface Listing {
  readonly format: Tool;
  readonly is_single: boolean;
  readonly items: readonly ListedItem[];
}

/** Items of one kind. */
export function itemsOf(listing: Listing, kind: ObjectKind): readonly ListedItem[] {
  return listing.items.filter((item) => item.kind === kind);
}
