import { factsOfRecord } from '../kernels/of_host.ts';
import { policyRead } from '../kernels/probes.ts';
import type { KernelOfHost } from '../kernels/told.ts';
import { ifKnown } from '../kernels/unsettled.ts';
import type { ToldKernel } from '../model/host_command.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import type { OnlinePolicy } from '../model/vocabulary.ts';

interface ToldPolicy extends ToldKernel {
  readonly auto_online_blocks?: OnlinePolicy;
}

/** The policy of a host once this is told of it, as set, or as knownPolicy() has it. Refused: set to one, read as another. */
export function toldPolicy(
  told: ToldPolicy,
  before: OnlinePolicy | null,
  kernel: KernelOfHost,
): OnlinePolicy | null | Refusal {
  const { auto_online_blocks: set } = told;
  const read = policyRead(told.kernel_probes?.sysfs ?? {});
  if (set !== undefined && read !== null && set !== read) {
    const detail = `auto_online_blocks is ${set}, and was read as ${read} in kernel_probes`;
    return refuse('invalid_field', detail, { pointer: '/auto_online_blocks' });
  }
  return set ?? knownPolicy(told, before, kernel);
}

/**
 * The policy of a host once this is told of its kernel: as read in its sysfs, else as it was, else the default of the
 * kernel's build (M87), and null where that is not known.
 */
export function knownPolicy(
  { kernel_probes }: ToldKernel,
  before: OnlinePolicy | null,
  kernel: KernelOfHost,
): OnlinePolicy | null {
  const read = policyRead(kernel_probes?.sysfs ?? {});
  return read ?? before ?? ifKnown(() => factsOfRecord(kernel).auto_online_default);
}
