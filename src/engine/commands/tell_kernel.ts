import { toldLater, type KernelOfHost } from '../kernels/told.ts';
import type { ToldKernel } from '../model/host_command.ts';
import { removalsNotCompleted } from '../model/lookup.ts';
import { isRefusal, refuse, type Refusal } from '../model/refusal.ts';
import { hostRecord, type Transaction } from '../model/transaction.ts';

/**
 * The kernel of the host once this is told of it: it was told wrongly before, and no other boots. Refused with
 * `removal_in_progress`: another kernel under a removal, and as `toldLater()`.
 */
export function tellKernel(tx: Transaction, command: Omit<ToldKernel, 'kernel'>): KernelOfHost | Refusal {
  const before = hostRecord(tx.host);
  const told = toldLater(command, before);
  if (isRefusal(told)) return told;
  return refusesAnotherKernel(tx, before, told) ?? told;
}

/** A removal keeps the kernel that it began on; what was looked up on the host since may be told meanwhile. */
function refusesAnotherKernel(
  { host }: Transaction,
  before: KernelOfHost,
  { kernel, kernel_release }: KernelOfHost,
): Refusal | null {
  if (kernel === before.kernel && kernel_release === before.kernel_release) return null;
  const removal = removalsNotCompleted(host).find(({ state }) => state !== 'undetermined');
  if (removal === undefined) return null;
  const detail = `${removal.dax_device} is being removed by this kernel: POST …/reboot ends that`;
  return refuse('removal_in_progress', detail, { pointer: '/kernel_release' });
}
