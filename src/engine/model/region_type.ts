/** Types of a CXL region that are modelled: what it holds. */
export const KNOWN_REGION_TYPES = ['pmem', 'ram'] as const;

/** A type that is modelled. */
export type KnownRegionType = (typeof KNOWN_REGION_TYPES)[number];

/** Those, and any other that a listing shows, or does not tell. */
export const CXL_REGION_TYPES = [...KNOWN_REGION_TYPES, 'unknown'] as const;

/** The type of a CXL region. */
export type CxlRegionType = (typeof CXL_REGION_TYPES)[number];

/** What a CXL region says of its type. */
export interface RegionType {
  readonly type: CxlRegionType;
  /** The word of a type that is not modelled, of the region or its decoders; null where none is told, and in any other. */
  readonly type_as_listed: string | null;
}
