import type { AnswerTo } from '../engine/answer.ts';
import type { Refusal } from '../engine/model/refusal.ts';
import type { ExportFormat } from '../inventory/export_listing.ts';
import type { Store, Submitted } from '../store/port.ts';
import { startExecutor } from './executor.ts';
import { createFaults, type Faults } from './faults/faults.ts';
import { createFeed, type Feed } from './feed.ts';
import {
  exportInventory,
  IMPORT_LIMITS,
  importInventory,
  READ_LIMITS,
  type ImportSubmission,
  type NotTaken,
} from './inventory.ts';
import type { Exported } from './listing_job.ts';
import { createListingThread } from './listing_thread.ts';
import { createListingTurns } from './listing_turns.ts';
import { serveWebhooks, type WebhookOptions } from './webhooks/serve.ts';
import type { Log } from '../runtime/log.ts';

/** Everything that can be asked of the control plane, whoever asks. */
export interface ControlPlane extends Store, Pick<Feed, 'waitForRemoval'> {
  /** Works the text of `ndctl list`, `daxctl list` or `cxl list` into a host. */
  importInventory(submission: ImportSubmission): Promise<Submitted<AnswerTo<'import_inventory'>> | NotTaken>;
  /** The text that `ndctl list` or `daxctl list` would print. */
  exportInventory(
    host: string,
    format: ExportFormat,
    signal?: AbortSignal,
  ): Promise<Exported | Refusal | NotTaken>;
  /** What is done to requests on purpose. */
  readonly faults: Faults;
  /** Takes up the removals that were running, and the messages that were pending, when the last process stopped. */
  start(): Promise<void>;
  /** Lets those who wait go, ends the steps on their way, and closes the store. */
  close(): Promise<void>;
}

/** Puts the use cases over a store, which it owns from now on. */
export function createControlPlane(
  store: Store,
  log: Log,
  webhooks: Partial<WebhookOptions> = {},
): ControlPlane {
  const feed = createFeed(store);
  const executor = startExecutor(store, log);
  const faults = createFaults(store);
  const { service, dispatcher } = serveWebhooks(store, log, webhooks);
  const thread = createListingThread();
  const listings = {
    thread,
    turns: createListingTurns(READ_LIMITS),
    imports: createListingTurns(IMPORT_LIMITS),
  };
  return {
    ...store,
    service,
    faults,
    waitForRemoval: (uid, timeout_ms, signal) => feed.waitForRemoval(uid, timeout_ms, signal),
    importInventory: (submission) => importInventory(store, listings, submission),
    exportInventory: (host, format, signal) => exportInventory(store, listings, host, format, signal),
    start: async () => {
      await executor.resume();
      await faults.start();
      await dispatcher.start();
    },
    close: async () => {
      feed.close();
      faults.close();
      await executor.stop();
      await dispatcher.stop();
      await thread.close();
      await store.close();
    },
  };
}
