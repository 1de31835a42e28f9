import { workerData } from 'node:worker_threads';
import { createAssessor } from './assessor.ts';
import { openReadConnection } from './connection.ts';
import { prepareFleet } from './load_fleet.ts';
import type { AssessmentQuery } from './port.ts';
import { serveJobs } from './serve_jobs.ts';

/** The thread that assesses the fleet, over a connection of its own that only reads. Started by sqlite.ts. */
serveJobs(() => {
  const db = openReadConnection(workerData as string);
  const assess = createAssessor(prepareFleet(db));
  // In one transaction, so that every host and as_of are of the same state.
  return db.transaction((query: AssessmentQuery) => assess(query));
});
