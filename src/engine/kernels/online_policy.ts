import type { Host } from '../model/host.ts';
import type { KernelProbes } from '../model/kernel_probes.ts';
import { hostRecord } from '../model/transaction.ts';
import { ONLINE_POLICIES, type OnlinePolicy } from '../model/vocabulary.ts';
import { stillAsked } from './open_probes.ts';
import { ONLINE_POLICY } from './probes.ts';
import { assumedOf, type Choice } from './unsettled.ts';

/** Any policy may be in force where nobody has told it: whoever boots a machine may set one. */
function anyPolicy(told: KernelProbes): Choice {
  const asked = stillAsked(ONLINE_POLICY, told);
  return {
    id: 'auto_online_blocks',
    facts: ['auto_online_blocks'],
    values: ONLINE_POLICIES.map((label) => ({ label })),
    probes: asked === null ? [] : [asked],
  };
}

/**
 * What the kernel of the host makes of memory blocks that come. Throws `Unsettled` where that was not told, and nothing
 * is assumed of it.
 */
export function onlinePolicyOf(host: Host): OnlinePolicy {
  const { auto_online_blocks, kernel_probes } = hostRecord(host);
  return auto_online_blocks ?? ONLINE_POLICIES[assumedOf(host, anyPolicy(kernel_probes))]!;
}
