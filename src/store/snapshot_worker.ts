import { workerData } from 'node:worker_threads';
import { openReadConnection } from './connection.ts';
import { serveJobs } from './serve_jobs.ts';
import { prepareSnapshot } from './snapshot.ts';

/** The thread that reads many records of a host at once, over a connection of its own. Started by sqlite.ts. */
serveJobs(() => prepareSnapshot(openReadConnection(workerData as string)));
