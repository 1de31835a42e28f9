import { regionConditions } from './cxl/chain.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { leakedRanges, leakedUnder } from '../model/memory_range.ts';
import { has } from '../model/conditions.ts';
import { MEDIUM_GONE, NAMESPACE_DESTROYED, RANGE_LEAKED, SEED_LEFT } from './conditions.ts';

/** How a device that no driver has comes back: the first obstacle that a bind would meet, else the bind itself. */
export function wayBack(host: Host, device: DaxDevice): string {
  if (device.state === 'gone') return 'the last listing does not show it: import one that does';
  if (!device.media_present) return MEDIUM_GONE;
  const [region] = regionConditions(host, device);
  if (region !== undefined) return region.detail;
  if (leakedUnder(leakedRanges(host), device) !== null) return RANGE_LEAKED;
  if (has(device, NAMESPACE_DESTROYED)) return SEED_LEFT;
  return 'POST …/bind binds it';
}
