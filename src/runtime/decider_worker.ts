import { workerData } from 'node:worker_threads';
import { openReadConnection } from '../store/connection.ts';
import { prepareDecide } from './decider.ts';
import { createFreshUid } from './fresh_uid.ts';
import { serveJobs } from './serve_jobs.ts';

const uid = createFreshUid();

/** The thread that decides what takes more than one run, over a connection of its own that only reads. Started by sqlite_store.ts. */
serveJobs(() =>
  prepareDecide(openReadConnection(workerData as string), () => ({
    now: new Date().toISOString(),
    uid,
  })),
);
