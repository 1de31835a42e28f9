import { factsOf } from '../kernels/of_host.ts';
import type { Effect } from '../kernels/effect.ts';
import type { Pin } from '../model/host.ts';
import { deviceOf, pinsOfPid } from '../model/lookup.ts';
import { unknownOutcome, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import type { Oops } from '../model/outcome.ts';

/** What releasing a pin does: fine while its pgmap lives. `null` facts are refused before this is asked. */
export function releaseEffect(tx: Transaction, pin: Pin, how: 'drop' | 'exit'): Effect {
  if (!outlivesPgmap(tx, pin)) return { do: 'ok' };
  const facts = factsOf(tx.host).pin_release_after_removal;
  if (pin.holder !== 'vmsplice' && pin.holder !== 'io_uring' && pin.holder !== 'xdp') return { do: 'ok' };
  return facts[pin.holder]?.[how] ?? { do: 'ok' };
}

/** The kernel worker that runs into a deferred release. */
export function workerOops(tx: Transaction, pin: Pin): Oops[] {
  if (!outlivesPgmap(tx, pin) || (pin.holder !== 'io_uring' && pin.holder !== 'xdp')) return [];
  const at = factsOf(tx.host).worker_oops_at[pin.holder];
  return at === null ? [] : [{ at, task: 'worker' }];
}

/** Whether a pin's struct pages are gone. */
function outlivesPgmap(tx: Transaction, pin: Pin): boolean {
  const device = deviceOf(tx.host, pin.dax_device);
  return device.pgmap_state === 'none' && pin.pgmap === device.pgmap && pin.pfn_ranges.length > 0;
}

/**
 * A pin whose release after the removal nothing describes: RDMA, VFIO and other holders, or any holder once
 * the device was bound again. Refused rather than guessed.
 */
export function releaseUnknown(tx: Transaction, pid: number): Refusal | null {
  for (const pin of pinsOfPid(tx.host, pid)) {
    const refusal = pinReleaseUnknown(tx, pin);
    if (refusal !== null) return refusal;
  }
  return null;
}

export function pinReleaseUnknown(tx: Transaction, pin: Pin): Refusal | null {
  const device = deviceOf(tx.host, pin.dax_device);
  if (pin.pgmap !== device.pgmap && pin.pfn_ranges.length > 0) {
    return unknownOutcome(
      `releasing ${pin.id} after the device was bound again is neither recorded nor in the sources read: POST …/reboot ends it`,
    );
  }
  if (!outlivesPgmap(tx, pin)) return null;
  const facts = factsOf(tx.host).pin_release_after_removal;
  const known =
    (pin.holder === 'vmsplice' || pin.holder === 'io_uring' || pin.holder === 'xdp') &&
    facts[pin.holder] !== null;
  return known
    ? null
    : unknownOutcome(
        `where the release of ${pin.id} (${pin.holder}) oopses is not recorded: POST …/reboot ends it`,
      );
}
