/** One fault of a listing: where (RFC 6901, empty for the text as a whole) and what. */
export interface ListingFault {
  readonly pointer: string;
  readonly detail: string;
}

/**
 * Why a text is not taken as a listing; nothing is imported then.
 *
 * `too_large`: more than `LISTING_LENGTH_MAX` characters or `LISTED_OBJECTS_MAX` objects. `not_json`: there is no JSON
 * in it; `detail` has the line and the column.
 */
export interface InventoryRefusal {
  readonly code: 'too_large' | 'not_json';
  readonly detail: string;
}

/** A pointer one key or index deeper. */
export function pointerTo(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
