import { workerData } from 'node:worker_threads';
import { openReadConnection } from '../store/connection.ts';
import { prepareSnapshot } from '../store/snapshot.ts';
import { serveJobs } from './serve_jobs.ts';

/** The thread that reads many records of a host at once, over a connection of its own. Started by sqlite_store.ts. */
serveJobs(() => prepareSnapshot(openReadConnection(workerData as string)));
