import { workerData } from 'node:worker_threads';
import { v7 } from 'uuid';
import { prepareAsk } from './asker.ts';
import { openReadConnection } from './connection.ts';
import { serveJobs } from './serve_jobs.ts';

/** The thread that answers long questions about one host, over a connection of its own that only reads. Started by sqlite.ts. */
serveJobs(() =>
  prepareAsk(openReadConnection(workerData as string), () => ({
    now: new Date().toISOString(),
    uid: () => v7(),
  })),
);
