import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';

const USAGE = `usage: npm run properties -- TIMES [SEED]
Runs every property test with TIMES as many cases as \`npm test\` does, from SEED, or from one drawn now and printed.
Ends with what vitest ends with; a case that fails is printed with what plays it again.
`;
const TESTS = resolve(import.meta.dirname, '..');
const VITEST = resolve(TESTS, '../node_modules/vitest/vitest.mjs');
/** One more than the largest seed that fast-check takes. */
const SEEDS = 2 ** 31;

async function main([times, seed = String(randomInt(SEEDS))]: readonly string[]): Promise<number> {
  if (!isCount(times, 1) || !isCount(seed, 0) || Number(seed) >= SEEDS) {
    process.stderr.write(USAGE);
    return 2;
  }
  const files = await propertyTests();
  process.stdout.write(
    `${String(files.length)} files, ${times} times the cases: npm run properties -- ${times} ${seed}\n`,
  );
  const child = spawn(process.execPath, [VITEST, 'run', ...files], {
    stdio: 'inherit',
    env: { ...process.env, PROPERTY_TIMES: times, PROPERTY_SEED: seed },
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return status ?? 1;
}

function isCount(text: string | undefined, least: number): text is string {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) >= least;
}

/** The test files that take their number of cases from property.ts. */
async function propertyTests(): Promise<string[]> {
  const entries = await readdir(TESTS, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter(({ name }) => name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  return paths
    .filter((_path, at) => texts[at]!.includes('/support/property.ts'))
    .map((path) => relative(resolve(TESTS, '..'), path));
}

process.exitCode = await main(process.argv.slice(2));
