import { workerData } from 'node:worker_threads';
import { v7 } from 'uuid';
import { openReadConnection } from '../store/connection.ts';
import { prepareAsk } from './asker.ts';
import { serveJobs } from './serve_jobs.ts';

/** The thread that answers long questions about one host, over a connection of its own that only reads. Started by sqlite_store.ts. */
serveJobs(() =>
  prepareAsk(openReadConnection(workerData as string), () => ({
    now: new Date().toISOString(),
    uid: () => v7(),
  })),
);
