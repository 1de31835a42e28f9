import { tellReleased } from './device/cdevs.ts';
import { finishOffline } from './device/kmem/offline.ts';
import { tellHolders } from './device/told.ts';
import { openedBy, trackExposures } from './exposure/track.ts';
import { reapLostFiles } from './fs/lost_files.ts';
import { reapLazyMounts } from './fs/mount.ts';
import type { Exposure } from './model/exposure.ts';
import type { Transaction } from './model/transaction.ts';
import { retryUndetermined } from './removal/undetermined.ts';
import { wakeRemovals } from './removal/wake.ts';

/**
 * What follows every command at once: offlines that were held end, removals wake, detached file systems end, devices tell
 * of nodes that nobody can open, and windows open and close. Returns those that it opened onto another owner's pfns: the first 100 (EX6).
 */
export function followUp(tx: Transaction): readonly Exposure[] {
  tellHolders(tx);
  finishOffline(tx);
  wakeRemovals(tx);
  retryUndetermined(tx);
  reapLazyMounts(tx);
  reapLostFiles(tx);
  tellReleased(tx);
  trackExposures(tx);
  return openedBy(tx);
}
