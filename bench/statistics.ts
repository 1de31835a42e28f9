/** The value in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which that share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** The slope of the line through the logarithms of sizes and times, by least squares: 1 where time is linear. */
export function slopeOf(points: readonly (readonly [size: number, time: number])[]): number {
  const logs = points.map(([size, time]) => [Math.log(size), Math.log(time)] as const);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(logs.map(([size]) => size)), mean(logs.map(([, time]) => time))];
  const covariance = mean(logs.map(([size, time]) => (size - x) * (time - y)));
  return covariance / mean(logs.map(([size]) => (size - x) ** 2));
}

/** Milliseconds of CPU, all threads of this process, that work takes. */
export async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** What takes longer is measured in fewer rounds. */
const BUDGET_MS = 60_000;

/**
 * Runs each of several measurements once a round, in turn, so that a busy machine meets all of them; their values. After
 * a minute no other round is begun.
 */
export async function interleaved<Name extends string>(
  rounds: number,
  measures: Readonly<Record<Name, (round: number) => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(measures) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  const begun = performance.now();
  for (let round = 0; round < rounds && performance.now() - begun < BUDGET_MS; round += 1)
    for (const name of names) values[name].push(await measures[name](round));
  return values;
}
