import { regionConditions } from './cxl/chain.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { leakedRanges, leakedUnder } from '../model/memory_range.ts';
import { RANGE_LEAKED, MEDIUM_GONE } from './conditions.ts';

/** How a device that no driver has comes back: the first obstacle that a bind would meet, else the bind itself. */
export function wayBack(host: Host, device: DaxDevice): string {
  if (device.state === 'gone') return 'the last listing does not show it: import one that does';
  if (!device.media_present) return MEDIUM_GONE;
  const [region] = regionConditions(host, device);
  if (region !== undefined) return region.detail;
  if (leakedUnder(leakedRanges(host), device) !== null) return RANGE_LEAKED;
  return 'POST …/bind binds it';
}
