import type { Host } from '../model/host.ts';
import { hostRecord } from '../model/transaction.ts';
import { ONLINE_POLICIES, type OnlinePolicy } from '../model/vocabulary.ts';
import { CHANGES } from './changes.ts';
import { probesOf } from './proofs.ts';
import { assumedOf, type Choice } from './unsettled.ts';

/** Any policy may be in force where nobody has told it: whoever boots a machine may set one. */
const ANY: Choice = {
  id: 'auto_online_blocks',
  facts: ['auto_online_blocks'],
  values: ONLINE_POLICIES.map((label) => ({ label })),
  probes: probesOf(CHANGES.auto_online),
};

/**
 * What the kernel of the host makes of memory blocks that come. Throws `Unsettled` where that was not told, and nothing
 * is assumed of it.
 */
export function onlinePolicyOf(host: Host): OnlinePolicy {
  return hostRecord(host).auto_online_blocks ?? ONLINE_POLICIES[assumedOf(host, ANY)]!;
}
