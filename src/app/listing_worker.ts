import { serveJobs } from '../runtime/serve_jobs.ts';
import { answerExport, answerImport, type ExportJob, type ImportJob } from './listing_job.ts';

/** The thread that reads and prints listings. Started by listing_thread.ts. */
serveJobs(
  () => (job: ImportJob | ExportJob) => (job.do === 'import' ? answerImport(job) : answerExport(job)),
);
