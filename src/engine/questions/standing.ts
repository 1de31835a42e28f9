import type { DaxDevice } from '../model/host.ts';
import { deviceOf, must } from '../model/lookup.ts';
import { retry } from '../removal/undetermined.ts';
import { dangersOf } from '../removal/hazards.ts';
import type { RemovalRecord } from '../model/removal.ts';
import { verdictOf } from '../removal/report.ts';
import type { Transaction } from '../model/transaction.ts';
import { cleanUpHazards } from './clean_up_hazard.ts';
import { leftBehind } from './clean_up_orders.ts';
import type { ImaginedState } from './record.ts';
import { runOn, type ImaginedRemoval } from './run_removal.ts';
import { whatIf } from './what_if.ts';

/**
 * Whether a removal of this very device has begun: one is under way, or nothing is bound to it any more. It shows in
 * the present state. What refuses a removal does not tell: a CXL device goes with its siblings, and one of them may
 * be what is being removed.
 */
export function hasBegun({ removal, state }: DaxDevice): boolean {
  return removal !== null || state !== 'bound';
}

/** How a removal that has begun ends, and what it leaves. */
export interface Standing extends Pick<RemovalRecord, 'verdict' | 'waiting_on' | 'hazards'> {
  readonly state: ImaginedState;
}

/**
 * What the removal of a device that cannot be removed now has left, or leaves once its steps have run, as it stands
 * (AS5); null where nothing is left of one that has ended.
 */
export function standingOf(tx: Transaction, device: DaxDevice): Standing | null {
  if (device.removal === null) {
    const hazards = [...dangersOf(tx.host, { steps: [] }, device), ...cleanUpHazards(tx, device)];
    if (hazards.length === 0 && leftBehind(tx.host, device) === null) return null;
    return { state: 'completed', verdict: verdictOf(hazards), waiting_on: [], hazards };
  }
  return atRest(tx, device, (imagined, left, begun) => {
    const { state, waiting_on } = begun!;
    if (state === 'waiting')
      return { state, verdict: null, waiting_on, hazards: cleanUpHazards(imagined, left) };
    const hazards = [...dangersOf(imagined.host, begun!, left), ...cleanUpHazards(imagined, left)];
    return { state, verdict: verdictOf(hazards), waiting_on, hazards };
  });
}

/**
 * What `look` sees of a device once its removal, null where none is under way, has gone as far as it goes by itself: it
 * completes, waits or is stuck.
 */
export function atRest<T>(
  tx: Transaction,
  device: DaxDevice,
  look: (imagined: Transaction, device: DaxDevice, removal: ImaginedRemoval | null) => T,
): T {
  const { removal, name } = device;
  if (removal === null) return look(tx, device, null);
  return whatIf(tx, (imagined) => {
    const now = must(imagined.host.tables.removals.get(removal), removal);
    if (now.state === 'undetermined') retry(imagined, now);
    const rests = runOn(imagined, removal);
    return look(imagined, deviceOf(imagined.host, name), rests);
  });
}
