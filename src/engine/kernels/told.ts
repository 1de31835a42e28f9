import type { HostRecord } from '../model/host.ts';
import type { ToldKernel } from '../model/host_command.ts';
import type { KernelProbes } from '../model/kernel_probes.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { regionsTold } from './probes.ts';
import { contradictionIn } from './proofs.ts';
import { PROFILES } from './profiles.ts';
import { recordedProfile } from './recorded.ts';

/** What a host's record says of its kernel. */
export type KernelOfHost = Pick<HostRecord, 'kernel' | 'kernel_release' | 'kernel_probes'>;

/** Nothing was looked up. */
export const NO_PROBES: KernelProbes = { symbols: {}, btf: {}, sysfs: {} };

/**
 * The kernel that a host has once this is told of it. The release decides, and a profile alone clears it. Refused with
 * `invalid_field`: neither of the two, a profile that was never released beside a release, and
 * probes of which one proves what another disproves.
 */
export function toldKernel(told: ToldKernel, before: KernelOfHost | null): KernelOfHost | Refusal {
  const kernel_probes = probesOnce(told, before?.kernel_probes ?? NO_PROBES);
  const contradiction = told.kernel_probes === undefined ? null : contradictionIn(kernel_probes);
  if (contradiction !== null) return invalid(contradiction, '/kernel_probes');
  const told_release = told.kernel_release ?? null;
  if (told_release !== null) {
    if (told.kernel !== undefined && !PROFILES[told.kernel].released) {
      return invalid(`${told.kernel} was never released: no kernel_release is one of it`);
    }
    const kernel = recordedProfile(told_release) ?? 'resolved';
    return { kernel, kernel_release: told_release, kernel_probes };
  }
  if (told.kernel !== undefined) return { kernel: told.kernel, kernel_release: null, kernel_probes };
  if (before === null) return invalid('a host has a kernel, or a kernel_release');
  if (told.kernel_release === undefined) return { ...before, kernel_probes };
  if (before.kernel === 'resolved')
    return invalid('without its kernel_release the host has to be told a kernel');
  return { ...before, kernel_release: null, kernel_probes };
}

/** A kind that is told takes the place of what was told of it; that the kernel has shown CXL regions stays. */
function probesOnce({ kernel_probes: told }: ToldKernel, before: KernelProbes): KernelProbes {
  if (told?.sysfs === undefined) return { ...before, ...told };
  return { ...before, ...told, sysfs: { ...regionsTold(before.sysfs), ...told.sysfs } };
}

/** The same of a host that runs already: what it was said to be was wrong. Refused too: of a series, a release. */
export function toldLater(told: Omit<ToldKernel, 'kernel'>, before: KernelOfHost): KernelOfHost | Refusal {
  const { kernel } = before;
  const isSeries = kernel !== 'resolved' && !PROFILES[kernel].released;
  if (!isSeries || told.kernel_release === undefined || told.kernel_release === null) {
    return toldKernel(told, before);
  }
  return invalid(
    `the host runs ${kernel}, which was never released: reboot it into a release`,
    '/kernel_release',
  );
}

function invalid(detail: string, pointer = '/kernel'): Refusal {
  return refuse('invalid_field', detail, { pointer });
}
