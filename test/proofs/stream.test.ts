import { expect, test } from 'vitest';
import { runCourse } from './stream_course.ts';

test('[STREAM1] no event is missing, doubled or out of order, however often readers and the service go', async () => {
  const { events, disconnects, restarts, faults } = await runCourse({ disconnects: 30, restarts: 2 });
  expect(faults).toEqual([]);
  expect(restarts).toBe(2);
  expect(disconnects).toBeGreaterThanOrEqual(30);
  expect(events).toBeGreaterThan(30);
});
