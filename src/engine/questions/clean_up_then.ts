import { reboot } from '../commands/reboot.ts';
import { ifResolved } from '../kernels/not_resolved.ts';
import type { Dependent } from '../model/depends_on.ts';
import type { RemoveDaxDevice } from '../model/device_command.ts';
import { deviceOf } from '../model/lookup.ts';
import { isRefusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import { upToFirst } from './clean_up.ts';
import { REBOOT, type CleanUp } from './clean_up_advice.ts';
import { runWithImpact } from './impact.ts';
import { inCommon } from './in_common.ts';
import type { Advice } from './record.ts';
import { atRest, hasBegun, standingOf } from './standing.ts';
import { imagineDone, whatIf } from './what_if.ts';

/** How it then is: null where there is no removal to imagine, and nothing of one to tell. */
type Then = Pick<Advice, 'state_then' | 'verdict_then' | 'impact_then'>;

/**
 * What is answered of the device once these are done (ADV10): how such a removal then ends, where one can begin, else
 * what is still left; what depends on facts that are not known is `undetermined`.
 */
export function thenBehind(tx: Transaction, command: RemoveDaxDevice, cleanUps: readonly CleanUp[]): Then {
  const { state_then, verdict_then, impact_then } = inCommon<Then & Dependent>(
    tx.host,
    () => thenOnce(tx, command, cleanUps),
    () => ({ state_then: 'undetermined', verdict_then: 'undetermined', impact_then: null }),
  );
  return { state_then, verdict_then, impact_then };
}

function thenOnce(tx: Transaction, command: RemoveDaxDevice, cleanUps: readonly CleanUp[]): Then {
  return atRest(tx, deviceOf(tx.host, command.dax_device), (rests) =>
    whatIf(rests, (imagined) => {
      for (const cleanUp of cleanUps) doCleanUp(imagined, cleanUp);
      return comesTo(imagined, command);
    }),
  );
}

/** Its calls, as they were tried. */
export function doCleanUp(tx: Transaction, cleanUp: CleanUp): void {
  if (cleanUp.action === 'reboot') imagineDone(tx, REBOOT, reboot);
  else upToFirst(tx, cleanUp.calls);
}

function comesTo(tx: Transaction, command: RemoveDaxDevice): Then {
  const device = deviceOf(tx.host, command.dax_device);
  const run = whatIf(tx, (imagined) => runWithImpact(imagined, device, command));
  if (!isRefusal(run)) {
    const { removal, impact } = run;
    return { state_then: removal.state, verdict_then: removal.verdict, impact_then: impact };
  }
  const standing = hasBegun(device) ? ifResolved(() => standingOf(tx, device), null) : null;
  const { state, verdict } = standing ?? { state: null, verdict: null };
  return { state_then: state, verdict_then: verdict, impact_then: null };
}
