import { workerData } from 'node:worker_threads';
import { openReadConnection } from '../store/connection.ts';
import { prepareFleet } from '../store/load_fleet.ts';
import type { AssessmentQuery } from '../store/port.ts';
import { createAssessor } from './assessor.ts';
import { serveJobs } from './serve_jobs.ts';

/** The thread that assesses the fleet, over a connection of its own that only reads. Started by sqlite_store.ts. */
serveJobs(() => {
  const db = openReadConnection(workerData as string);
  const assess = createAssessor(prepareFleet(db));
  // In one transaction, so that every host and as_of are of the same state.
  return db.transaction((query: AssessmentQuery) => assess(query));
});
