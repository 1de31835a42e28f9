import { serveJobs } from '../store/serve_jobs.ts';
import { planImport, printListing, type ListingJob } from './listing.ts';

/** The thread that reads and prints listings. Started by listing_thread.ts. */
serveJobs(() => (job: ListingJob) => {
  if (job.do === 'import') return planImport(job.listed, job.modelled, job.text);
  return printListing(job.listed, job.modelled, job.format);
});
