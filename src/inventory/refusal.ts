/** One fault of a listing: where (RFC 6901, empty for the text as a whole) and what. */
export interface ListingFault {
  readonly pointer: string;
  readonly detail: string;
}

/**
 * Why a text is not taken as a listing; nothing is imported then.
 *
 * `too_large`: more than `LISTING_LENGTH_MAX` characters, or than `LISTED_OBJECTS_MAX` objects, documents or runs of text
 * between them. `not_json`: there is no JSON in it; `detail` has the line and the column.
 */
export interface InventoryRefusal {
  readonly code: 'too_large' | 'not_json';
  readonly detail: string;
}

/** Characters of a pointer: in what the tools print none has half as many. */
const POINTER_MAX = 255;
/** What a pointer ends with that would be longer: where behind that, it does not say. */
const NOT_SAID = '/…';

/**
 * A pointer one key or index deeper; one that would be longer than POINTER_MAX ends in `/…` instead. Each object of a
 * list under a key has that key in its pointer: a long one would come back as often as there are objects.
 */
export function pointerTo(parent: string, key: string | number): string {
  if (parent.endsWith(NOT_SAID)) return parent;
  const isLong = typeof key === 'string' && key.length > POINTER_MAX;
  const pointer = isLong ? '' : `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return isLong || pointer.length > POINTER_MAX ? `${parent}${NOT_SAID}` : pointer;
}
