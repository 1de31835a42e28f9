import { orRefused } from '../kernels/not_resolved.ts';
import { NOTHING_PROPOSED } from '../kernels/proposed.ts';
import type { KernelOfHost } from '../kernels/told.ts';
import type { RemoveDaxDevice } from '../model/device_command.ts';
import { must } from '../model/lookup.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { advance } from '../removal/advance.ts';
import type { RemovalRecord } from '../model/removal.ts';
import { removeWithSiblings } from '../commands/remove_dax_device.ts';
import { begin, hostRecord, patch, rollback, type Transaction } from '../model/transaction.ts';
import type { ImaginedState } from './record.ts';

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

/** A removal that was run as far as it goes by itself. */
export type ImaginedRemoval = RemovalRecord & { readonly state: ImaginedState };

/** Starts a removal and runs its steps until it ends, waits or is stuck; a refusal where nothing is known of the kernel. */
export function runRemoval(tx: Transaction, command: RemoveDaxDevice): ImaginedRemoval | Refusal {
  return orRefused(() => {
    const started = removeWithSiblings(tx, command);
    if (isRefusal(started)) return started;
    return runOn(tx, started[0].id);
  });
}

/** Runs the next steps of a removal, until it ends, waits or is stuck. */
export function runOn(tx: Transaction, id: string): ImaginedRemoval {
  for (;;) {
    const removal = must(tx.host.tables.removals.get(id), `removal ${id}`);
    if (isOver(removal)) return removal;
    advance(tx, id);
  }
}

function isOver(removal: RemovalRecord): removal is ImaginedRemoval {
  return removal.state !== 'running';
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
