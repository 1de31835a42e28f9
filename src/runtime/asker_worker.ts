import { workerData } from 'node:worker_threads';
import { openReadConnection } from '../store/connection.ts';
import { prepareAsk } from './asker.ts';
import { createFreshUid } from './fresh_uid.ts';
import { serveJobs } from './serve_jobs.ts';

const uid = createFreshUid();

/** The thread that answers long questions about one host, over a connection of its own that only reads. Started by sqlite_store.ts. */
serveJobs(() =>
  prepareAsk(openReadConnection(workerData as string), () => ({
    now: new Date().toISOString(),
    uid,
  })),
);
