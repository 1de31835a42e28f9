import { runCourse } from './stream_course.ts';

/**
 * `npm run proof:stream [-- DISCONNECTS RESTARTS]`: by default 1 000 disconnects of stream readers under writes and 20
 * restarts of the service. Ends with 0 where no event was missing, doubled or out of order.
 */
const [disconnects = 1_000, restarts = 20] = process.argv.slice(2).map(Number);
const { events, faults, ...done } = await runCourse({ disconnects, restarts });
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(
  `${String(events)} events, ${String(done.disconnects)} disconnects, ${String(done.restarts)} restarts: ` +
    `${faults.length === 0 ? 'none missing, doubled or out of order' : `${String(faults.length)} faults`}\n`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
