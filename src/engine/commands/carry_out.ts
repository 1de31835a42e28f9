import { tellLeft } from '../device/tell_left.ts';
import { finishOffline } from '../device/kmem/offline.ts';
import { tellHolders } from '../device/told.ts';
import { openedBy, trackExposures } from '../exposure/track.ts';
import { reapLostFiles } from '../fs/lost_files.ts';
import { reapLazyMounts } from '../fs/mount.ts';
import { hostUnusable, type Asked } from '../mm/unusable.ts';
import type { Exposure } from '../model/exposure.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { touchedDevices } from '../model/touched_devices.ts';
import type { Transaction } from '../model/transaction.ts';
import { retryUndetermined } from '../removal/undetermined.ts';
import { wakeRemovals } from '../removal/wake.ts';
import { passLocks } from './pass_locks.ts';

/** A command that was granted. */
export interface CarriedOut<Answer> {
  readonly answer: Answer;
  /** Exposures that it, or what followed, opened: the first 100 (EX6). */
  readonly exposures: readonly Exposure[];
}

/**
 * Does a command, and what follows from it at once; `tx` is of that command alone. Whoever acts one out, for good or in
 * a trial, does it here. Refused where the host does nothing more, and by its handler.
 */
export function carryOut<Command extends Asked, Answer>(
  tx: Transaction,
  command: Command,
  handler: (tx: Transaction, command: Command) => Answer | Refusal,
): CarriedOut<Answer> | Refusal {
  const answer = hostUnusable(tx.host, command) ?? handler(tx, command);
  return isRefusal(answer) ? answer : { answer, exposures: followUp(tx) };
}

/** The same of a command that is several, each of which is carried out by itself: nothing follows it. */
export function carryOutEach<Command extends Asked, Answer>(
  tx: Transaction,
  command: Command,
  handler: (tx: Transaction, command: Command) => Answer | Refusal,
): CarriedOut<Answer> | Refusal {
  const answer = handler(tx, command);
  return isRefusal(answer) ? answer : { answer, exposures: openedBy(tx) };
}

/**
 * What follows every command at once: offlines that were held end, removals wake, who waits for a lock gets it, detached
 * file systems end, devices say what is left of them, and exposures open, change and close. Returns those that it
 * opened: the first 100 (EX6).
 */
function followUp(tx: Transaction): readonly Exposure[] {
  tellHolders(tx);
  finishOffline(tx);
  wakeRemovals(tx);
  passLocks(tx);
  retryUndetermined(tx);
  // These change records of no other devices.
  const touched = touchedDevices(tx);
  reapLazyMounts(tx, touched);
  reapLostFiles(tx, touched);
  tellLeft(tx, touched);
  trackExposures(tx);
  return openedBy(tx);
}
