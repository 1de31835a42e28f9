import { NOTHING_PROPOSED } from '../kernels/proposed.ts';
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

/** The host booted with another kernel, its file systems mounted and its processes started again as they are now. */
export function onKernel(tx: Transaction, { kernel, kernel_release, kernel_probes }: KernelOfHost): void {
  const own = hostRecord(tx.host);
  const isOwn = kernel === 'resolved' ? kernel_release === own.kernel_release : kernel === own.kernel;
  if (isOwn) return;
  const booted = {
    kernel,
    kernel_release,
    kernel_probes,
    health: 'ok',
    stuck: [],
    proposed: NOTHING_PROPOSED,
  } as const;
  patch(tx, 'hosts', own.name, booted);
}
