/** One fault of a listing: where (RFC 6901, empty for the text as a whole) and what. */
export interface ListingFault {
  readonly pointer: string;
  readonly detail: string;
}

/**
 * Why a text is not taken as a listing; nothing is imported then.
 *
 * `too_large`: more than `LISTING_LENGTH_MAX` characters or `LISTED_OBJECTS_MAX` objects. `not_json`: no JSON text. `not_a_listing`: JSON, but not
 * what the tools print. `invalid_field`: a known key with a value its tool never prints. `pointer` and `detail` are
 * those of the first fault; `faults` holds at most `FAULTS_MAX`.
 */
export interface InventoryRefusal {
  readonly code: 'too_large' | 'not_json' | 'not_a_listing' | 'invalid_field';
  readonly pointer: string;
  readonly detail: string;
  readonly faults: readonly ListingFault[];
}

const FAULTS_MAX = 20;

/** The refusal for a code and its faults, of which there is at least one. */
export function refuseListing(
  code: InventoryRefusal['code'],
  first: ListingFault,
  others: readonly ListingFault[] = [],
): InventoryRefusal {
  return {
    code,
    pointer: first.pointer,
    detail: first.detail,
    faults: [first, ...others].slice(0, FAULTS_MAX),
  };
}

/** A pointer one key or index deeper. */
export function pointerTo(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
