import { createJobThread, type JobThread } from '../store/job_thread.ts';
import { threadFile } from '../store/spawn_thread.ts';
import type { ListingJob } from './listing.ts';

/** Runs work on listings beside the event loop. */
export type ListingThread = JobThread<ListingJob>;

export function createListingThread(): ListingThread {
  return createJobThread(
    threadFile(import.meta.url, 'listing_worker'),
    null,
    'the thread that reads listings',
  );
}
