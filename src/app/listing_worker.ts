import { parentPort } from 'node:worker_threads';
import { planImport, printListing, type ListingJob } from './listing.ts';

/** The thread that reads and prints listings, one after another. Started by listing_thread.ts. */
const port = parentPort;
if (port === null) throw new Error('listing_worker.ts is the first file of a thread');
port.on('message', (job: ListingJob) => {
  port.postMessage(
    job.do === 'import'
      ? planImport(job.listed, job.modelled, job.text)
      : printListing(job.listed, job.modelled, job.format),
  );
});
