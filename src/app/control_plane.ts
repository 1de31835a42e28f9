import type { Refusal } from '../engine/refusal.ts';
import type { ExportFormat } from '../inventory/export_listing.ts';
import type { Store, Submitted } from '../store/port.ts';
import { startExecutor } from './executor.ts';
import { createFeed, type Feed } from './feed.ts';
import { exportInventory, importInventory, type ImportSubmission, type NotTaken } from './inventory.ts';
import type { Exported } from './listing_job.ts';
import { createListingThread } from './listing_thread.ts';
import type { Log } from './log.ts';

/** Everything that can be asked of the control plane, whoever asks. */
export interface ControlPlane extends Store, Pick<Feed, 'waitForRemoval'> {
  /** Works the text of `ndctl list`, `daxctl list` or `cxl list` into a host. */
  importInventory(submission: ImportSubmission): Promise<Submitted | NotTaken>;
  /** The text that `ndctl list` or `daxctl list` would print. */
  exportInventory(host: string, format: ExportFormat): Promise<Exported | Refusal>;
  /** Takes up the removals that were running when the last process stopped. */
  start(): Promise<void>;
  /** Lets those who wait go, ends the steps on their way, and closes the store. */
  close(): Promise<void>;
}

/** Puts the use cases over a store, which it owns from now on. */
export function createControlPlane(store: Store, log: Log): ControlPlane {
  const feed = createFeed(store);
  const executor = startExecutor(store, log);
  const oneByOne = createTurns();
  const listings = createListingThread();
  return {
    ...store,
    waitForRemoval: (uid, timeout_ms) => feed.waitForRemoval(uid, timeout_ms),
    importInventory: (submission) =>
      oneByOne(submission.host, () => importInventory(store, listings, submission)),
    exportInventory: (host, format) => exportInventory(store, listings, host, format),
    start: () => executor.resume(),
    close: async () => {
      feed.close();
      await executor.stop();
      await listings.close();
      await store.close();
    },
  };
}

/** Runs what is asked for under one name one after another. */
function createTurns(): <T>(name: string, run: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (name, run) => {
    const turn = (last.get(name) ?? Promise.resolve()).then(run, run);
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
}
