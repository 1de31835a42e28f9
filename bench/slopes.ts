import type { Report } from './report.ts';
import type { RowId } from './rows.ts';
import { interleaved, median, slopeOf } from './statistics.ts';

const ROUNDS = 7;

/** Milliseconds of CPU that work on so many takes; what it works on is made before. */
export type CpuOf = (size: number, round: number) => Promise<number>;

/** Fits the slope of medians over sizes, the sizes in turn. */
export async function measureSlope(
  report: Report,
  id: RowId,
  sizes: readonly number[],
  cpu: CpuOf,
  rounds = ROUNDS,
): Promise<void> {
  const measures = Object.fromEntries(
    sizes.map((size) => [String(size), (round: number) => cpu(size, round)]),
  );
  // The first of each is the compiler's.
  for (const size of sizes.slice(0, 2)) await cpu(size, -1);
  const values = await interleaved(rounds, measures);
  const points = sizes.map((size) => [size, median(values[String(size)]!)] as const);
  const told = `${String(values[String(sizes[0])]!.length)} rounds`;
  const of = points.map(([size, time]) => `${String(size)}: ${time.toPrecision(3)} ms`).join(', ');
  report.measured(id, slopeOf(points), `${of}; ${told}`);
}
