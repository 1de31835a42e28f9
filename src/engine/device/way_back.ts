import { regionConditions } from './cxl/chain.ts';
import type { DaxDevice, Host } from '../model/host.ts';
import { leakedRanges, leakedUnder } from '../model/memory_range.ts';

/** What a device without its medium waits for. */
export const MEDIUM_GONE = 'the medium is gone: the hotplug events add and replace bring one back';
/** A range that a removal left as System RAM: no driver gets it (M66, M69, M70, M73). */
export const BURNT = 'its range is burnt until a reboot: POST …/reboot frees it';

/** How a device that no driver has comes back: the first obstacle that a bind would meet, else the bind itself. */
export function wayBack(host: Host, device: DaxDevice): string {
  if (device.state === 'gone') return 'no listing shows it any more: import one that does';
  if (!device.media_present) return MEDIUM_GONE;
  const [region] = regionConditions(host, device);
  if (region !== undefined) return region.detail;
  if (leakedUnder(leakedRanges(host), device) !== null) return BURNT;
  return 'POST …/bind binds it';
}
