import { cdevsOfBoot } from '../device/cdevs.ts';
import { NOTHING_PROPOSED } from '../kernels/proposed.ts';
import { deviceOf } from '../model/lookup.ts';
import type { KernelOfHost } from '../kernels/told.ts';
import { begin, hostRecord, patch, rollback, type Transaction } from '../model/transaction.ts';

/**
 * Does what `imagine` does and puts the host back: no event, no pending change, no number given away. It works
 * on a transaction of its own, so that one may stand inside another.
 */
export function whatIf<T>(tx: Transaction, imagine: (imagined: Transaction) => T): T {
  let uids = 0;
  const uid = (): string => {
    uids += 1;
    return `what-if-${String(uids)}`;
  };
  const imagined = begin(tx.host, { now: tx.context.now, uid });
  try {
    return imagine(imagined);
  } finally {
    rollback(imagined);
  }
}

/**
 * The host booted with another kernel, its file systems mounted and its processes started again as they are now: a node of
 * the device that is asked about was opened anew.
 */
export function onKernel(
  tx: Transaction,
  { kernel, kernel_release, kernel_probes }: KernelOfHost,
  dax_device: string,
): void {
  const own = hostRecord(tx.host);
  const isOwn = kernel === 'resolved' ? kernel_release === own.kernel_release : kernel === own.kernel;
  if (isOwn) return;
  const booted = {
    kernel,
    kernel_release,
    kernel_probes,
    health: 'ok',
    stuck: [],
    underflow_warned: false,
    proposed: NOTHING_PROPOSED,
  } as const;
  patch(tx, 'hosts', own.name, booted);
  patch(tx, 'dax_devices', dax_device, { cdevs: cdevsOfBoot(deviceOf(tx.host, dax_device)) });
}
