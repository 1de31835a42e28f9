import type { CxlMemdev, CxlRegion, DaxDevice, Host } from '../../model/host.ts';
import { unknownOutcome, type Refusal } from '../../model/refusal.ts';
import { hasLostTarget, regionsOn } from './chain.ts';

/**
 * Why nobody knows all that goes with a memdev: of a device, or of a region, no listing has told what it stands on, and
 * it may be this card (CX21). Refused with `outcome_unknown`, which names them, and what to run; else null.
 */
export function dependentsUntold(host: Host, memdev: CxlMemdev): Refusal | null {
  if (memdev.state !== 'enabled' || memdev.left_region !== null) return null;
  const regions = host.tables.cxl_regions.where((region) => hasUntoldTargets(host, region));
  const others = regions.filter(({ mappings }) => !mappings.some((target) => target.memdev === memdev.name));
  const isKnown = regionsOn(host, memdev.name).length > 0;
  const devices = host.tables.dax_devices.where((device) => mayStandOnAny(host, device, isKnown));
  const names = [...others, ...devices].map(({ name }) => name).slice(0, NAMES_MAX);
  if (names.length === 0) return null;
  const run = 'import `cxl list -RMT`, `daxctl list -R` and `ndctl list -BRD`';
  return unknownOutcome(`unknown: whether ${names.join(', ')} goes with ${memdev.name} is not told: ${run}`);
}

const NAMES_MAX = 20;

/** A region that decodes, and of whose targets a listing showed fewer than it has ways. */
function hasUntoldTargets(host: Host, region: CxlRegion): boolean {
  const decodes = region.state === 'enabled' && region.decode_state === 'commit';
  return decodes && region.mappings.length < region.interleave_ways && !hasLostTarget(host, region);
}

/**
 * Whether a device without a told region may stand on a card: on one of whose regions nothing is known, or, where its
 * number is that of a region that something else contradicts, on any. Not where its bus is told to be another.
 */
function mayStandOnAny(host: Host, device: DaxDevice, isKnown: boolean): boolean {
  const { name, provider, cxl_region, state } = device;
  if (cxl_region !== null || state === 'gone' || (provider !== null && provider !== 'CXL')) return false;
  const region = name.replace(/^[a-z]+(\d+).*$/, 'region$1');
  return !isKnown || provider === 'CXL' || host.tables.cxl_regions.has(region);
}
