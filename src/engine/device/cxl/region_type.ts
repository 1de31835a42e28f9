import type { CxlRegion } from '../../model/cxl.ts';
import type { DaxDevice, Host } from '../../model/host.ts';
import { unknownOutcome, type Refusal } from '../../model/refusal.ts';
import type { KnownRegionType } from '../../model/region_type.ts';

/** A region of a type that is modelled. */
export interface TypedRegion extends CxlRegion {
  readonly type: KnownRegionType;
}

/** A region of which all is told that a commit needs. */
export interface MeasuredRegion extends CxlRegion {
  readonly size: number;
  readonly interleave_ways: number;
}

/** Whether the size and the ways of a region are told. */
export function isMeasured(region: CxlRegion): region is MeasuredRegion {
  return region.size !== null && region.interleave_ways !== null;
}

/** What depends on the size or the ways of a region of which no listing tells them: `outcome_unknown`. */
export function sizeUnknown({ name }: CxlRegion): Refusal {
  return unknownOutcome(`no listing tells the size and the interleave_ways of ${name}: cxl list -R does`);
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
