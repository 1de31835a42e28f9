const seed = Number(process.env['PROPERTY_SEED'] ?? 20_260_101);
const times = Number(process.env['PROPERTY_TIMES'] ?? 1);

/**
 * How a property test runs: `runs` cases of one seed, so that the same code has the same answer each time.
 *
 * Other cases are tried by `npm run properties`, with a seed of its own and as many times the runs as it is told.
 */
export function cases(runs = 300): {
  readonly seed: number;
  readonly numRuns: number;
  readonly verbose: 1;
} {
  return { seed, numRuns: runs * times, verbose: 1 };
}
