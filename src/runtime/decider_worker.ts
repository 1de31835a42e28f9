import { workerData } from 'node:worker_threads';
import { v7 } from 'uuid';
import { openReadConnection } from '../store/connection.ts';
import { prepareDecide } from './decider.ts';
import { serveJobs } from './serve_jobs.ts';

/** The thread that decides what takes more than one run, over a connection of its own that only reads. Started by sqlite_store.ts. */
serveJobs(() =>
  prepareDecide(openReadConnection(workerData as string), () => ({
    now: new Date().toISOString(),
    uid: () => v7(),
  })),
);
