/** A thread that does with a job what the job asks. */
import { threadId } from 'node:worker_threads';
import { serveJobs } from '../../../src/runtime/serve_jobs.ts';

export type OddJob = 'answer' | 'throw' | 'exit' | 'unclonable' | 'hang' | 'memory';

serveJobs(() => (job: OddJob) => {
  switch (job) {
    case 'answer':
      return threadId;
    case 'throw':
      throw Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'SQLITE_IOERR' });
    case 'exit':
      return process.exit(0);
    case 'unclonable':
      return () => undefined;
    case 'hang':
      for (;;);
    case 'memory': {
      const kept: number[][] = [];
      for (;;) kept.push(Array.from({ length: 10_000 }, (_, index) => index + kept.length));
    }
  }
});
