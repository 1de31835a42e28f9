import { workerData } from 'node:worker_threads';
import { openReadConnection } from '../store/connection.ts';
import { prepareReader } from './reader.ts';
import { serveJobs } from './serve_jobs.ts';

/** The thread that reads much at once, over a connection of its own. Started by sqlite_store.ts. */
serveJobs(() => prepareReader(openReadConnection(workerData as string)));
