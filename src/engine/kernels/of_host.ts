import type { Host, HostRecord } from '../model/host.ts';
import { hostRecord } from '../model/transaction.ts';
import { evidenceOf, type Evidence } from './evidence.ts';
import type { KernelInUse } from './profile.ts';
import { PROFILES } from './profiles.ts';
import { resolvedKernel } from './resolved.ts';
import type { Facts } from './tables.ts';
import type { KernelOfHost } from './told.ts';

/**
 * The kernel that the host runs: a profile, or what is known of its release. Reading a fact of the latter throws
 * `Unsettled` where nobody can say, and the host assumes nothing of it.
 */
export function profileOf(host: Host): KernelInUse {
  const record = hostRecord(host);
  return record.kernel === 'resolved' ? resolvedOf(host, record) : PROFILES[record.kernel];
}

/** The same of a record alone: nothing is assumed. */
export function factsOfRecord({ kernel, kernel_release, kernel_probes }: KernelOfHost): Facts {
  if (kernel !== 'resolved') return PROFILES[kernel].facts;
  return resolvedKernel(evidenceOf(kernel_release!, kernel_probes), new Map()).facts;
}

/** Whether the host runs one of the kernels of which every fact is known. */
export function isProfile(host: Host): boolean {
  return hostRecord(host).kernel !== 'resolved';
}

/** What the tables say of the host's kernel. */
export function factsOf(host: Host): Facts {
  return profileOf(host).facts;
}

interface Resolved extends Pick<HostRecord, 'kernel_release' | 'kernel_probes'>, Pick<Host, 'assumed'> {
  readonly evidence: Evidence;
  readonly kernel: KernelInUse;
}

/** The last one of each host: it is asked for with every fact that is read, and rarely changes. */
const resolved = new WeakMap<Host, Resolved>();

function resolvedOf(host: Host, { kernel_release, kernel_probes }: HostRecord): KernelInUse {
  const last = resolved.get(host);
  const same = last?.kernel_release === kernel_release && last.kernel_probes === kernel_probes;
  if (same && last.assumed === host.assumed) return last.kernel;
  const evidence = same ? last.evidence : evidenceOf(kernel_release!, kernel_probes);
  const kernel = resolvedKernel(evidence, host.assumed);
  resolved.set(host, { kernel_release, kernel_probes, assumed: host.assumed, evidence, kernel });
  return kernel;
}
