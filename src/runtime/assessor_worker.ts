import { workerData } from 'node:worker_threads';
import { openReadConnection } from '../store/connection.ts';
import { prepareAssess } from './assessor.ts';
import { serveWork } from './serve_jobs.ts';

/** The thread that assesses the fleet, over a connection of its own that only reads. Started by sqlite_store.ts. */
serveWork(() => prepareAssess(openReadConnection(workerData as string)));
