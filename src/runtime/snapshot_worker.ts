import { workerData } from 'node:worker_threads';
import { openReadConnection } from '../store/connection.ts';
import type { SnapshotQuery } from '../store/port.ts';
import { prepareSnapshot } from '../store/snapshot.ts';
import { bytesOf } from './hand_over.ts';
import { serveJobs } from './serve_jobs.ts';

/** The thread that reads many records of a host at once, over a connection of its own. Started by sqlite_store.ts. */
serveJobs(() => {
  const snapshot = prepareSnapshot(openReadConnection(workerData as string));
  return (query: SnapshotQuery) => {
    const records = snapshot(query);
    return records === null ? null : bytesOf(records);
  };
});
