import { createJobThread, type JobThread } from '../runtime/job_thread.ts';
import { threadFile } from '../runtime/spawn_thread.ts';
import type { ExportJob, ImportJob } from './listing_job.ts';

/** Runs work on listings beside the event loop. */
export type ListingThread = JobThread<ImportJob | ExportJob>;

/** Many times what the largest listing takes. */
const HEAP_MAX_MIB = 2048;

/** Makes the thread of listings, which starts with its first job. */
export function createListingThread(): ListingThread {
  return createJobThread({
    file: threadFile(import.meta.url, 'listing_worker'),
    workerData: null,
    about: 'the thread that reads listings',
    heapMaxMib: HEAP_MAX_MIB,
  });
}
