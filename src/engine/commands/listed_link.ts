import type { ImportedDevice } from '../model/host_command.ts';
import type { DaxDevice } from '../model/host.ts';
import type { Transaction } from '../model/transaction.ts';
import { type CxlLink, NO_LINK } from '../device/cxl/link.ts';

/**
 * The CXL region beneath a device, as listed or derived, once a `cxl list` has shown it; none where what was told takes
 * it back, and else `before`. A region that is only derived is no news where it was told.
 */
export function linkAsListed(tx: Transaction, imported: ImportedDevice, before: CxlLink): CxlLink {
  const { cxl_region, cxl_region_from = 'listed' } = imported;
  if (cxl_region === null) return NO_LINK;
  const isKnown = cxl_region !== undefined && tx.host.tables.cxl_regions.has(cxl_region);
  const isNews = cxl_region !== before.cxl_region || cxl_region_from === 'listed';
  if (isKnown && isNews) return { cxl_region, cxl_region_from };
  return { cxl_region: before.cxl_region, cxl_region_from: before.cxl_region_from };
}

/** A removal goes through the region that it began on: until it has ended, a listing tells no other, nor that there is none. */
export function besideRemoval(
  { removal, cxl_region: region }: DaxDevice,
  imported: ImportedDevice,
): ImportedDevice {
  const { cxl_region, cxl_region_from, provider, media_serial, ...others } = imported;
  const stays = removal !== null && region !== null && cxl_region !== undefined && cxl_region !== region;
  return stays ? others : imported;
}
