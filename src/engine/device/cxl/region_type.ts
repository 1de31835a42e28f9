import type { CxlRegion, DaxDevice, Host } from '../../model/host.ts';
import { unknownOutcome, type Refusal } from '../../model/refusal.ts';
import type { KnownRegionType } from '../../model/region_type.ts';

/** A region of a type that is modelled. */
export interface TypedRegion extends CxlRegion {
  readonly type: KnownRegionType;
}

/** Whether the type of a region is modelled. */
export function isTyped(region: CxlRegion): region is TypedRegion {
  return region.type !== 'unknown';
}

/** What depends on a type that is not modelled, or not told: `outcome_unknown`, with the word as listed. */
export function typeUnknown({ name, type_as_listed: word }: CxlRegion): Refusal {
  return unknownOutcome(
    word === null
      ? `no listing tells whether ${name} is pmem or ram: cxl list -M -D -R of cxl 76 or later does`
      : `${name} is listed with type ${word}, which is not modelled`,
  );
}

/** The same of the region that a device stands on; null where it stands on none, or on one of a known type. */
export function regionTypeUnknown(host: Host, { cxl_region }: DaxDevice): Refusal | null {
  const region = host.tables.cxl_regions.get(cxl_region ?? '');
  return region === undefined || isTyped(region) ? null : typeUnknown(region);
}
