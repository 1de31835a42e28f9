import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJobThread, type JobThread } from '../../src/runtime/job_thread.ts';
import type { OddJob } from './support/odd_worker.ts';

let thread: JobThread<OddJob>;
beforeEach(() => {
  thread = createJobThread({
    file: new URL('support/odd_worker.ts', import.meta.url),
    workerData: null,
    about: 'the odd thread',
    heapMaxMib: 32,
  });
});
afterEach(() => thread.close());

test.each([
  ['throw', 'outer'],
  ['exit', 'the odd thread ended with 0'],
  ['unclonable', 'could not be cloned'],
  ['memory', 'the odd thread failed'],
] as const)(
  'a job that ends in %s is answered, and the next one is done by another thread',
  async (job, message) => {
    const first = await thread.run<number>('answer');
    const [failed, next] = await Promise.allSettled([thread.run(job), thread.run<number>('answer')]);
    expect(failed).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringMatching(message) as string },
    });
    expect(next).toMatchObject({ status: 'fulfilled' });
    expect(next.status === 'fulfilled' && next.value).not.toBe(first);
  },
);

test('a thread that fails outside of a job is replaced, too', async () => {
  const program = `import { parentPort } from 'node:worker_threads';
    parentPort.once('message', () => { throw new Error('nobody catches this'); });`;
  const bare = createJobThread({
    file: new URL(`data:text/javascript,${encodeURIComponent(program)}`),
    workerData: null,
    about: 'the bare thread',
  });
  for (const job of ['first', 'second'])
    await expect(bare.run(job)).rejects.toMatchObject({
      message: 'the bare thread failed',
      cause: { message: 'nobody catches this' },
    });
  await bare.close();
});

test('what a job throws comes with its code and its causes', async () => {
  await expect(thread.run('throw')).rejects.toMatchObject({
    message: 'outer',
    code: 'SQLITE_IOERR',
    stack: expect.stringContaining('odd_worker.ts') as string,
    cause: { message: 'inner' },
  });
});

test('closing rejects the job that is on its way, and those that wait', async () => {
  await thread.run('answer');
  const jobs = Promise.allSettled([thread.run('hang'), thread.run('answer')]);
  await thread.close();
  for (const job of await jobs)
    expect(job).toMatchObject({ status: 'rejected', reason: { code: 'DAXPLANE_CLOSING' } });
  await expect(thread.run('answer')).rejects.toThrow('is closed');
});
