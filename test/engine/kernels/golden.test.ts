import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NO_PROBES } from '../../../src/engine/kernels/told.ts';
import { kernelFound } from '../../../src/engine/kernels/shown.ts';

/** Every release of mainline from 5.10 to 7.3, of which no point is told. */
const BRANCHES = [
  ...[10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((minor) => `5.${String(minor)}`),
  ...Array.from({ length: 20 }, (_, minor) => `6.${String(minor)}`),
  ...[0, 1, 2, 3].map((minor) => `7.${String(minor)}`),
];

/** Point releases that the change points name, or whose trees and packages were looked at. */
const POINTS =
  `5.10.193 5.10.218 5.10.223 5.10.251 5.10.261 5.10.262 5.15.168 6.1.0 6.1.4 6.1.8 6.1.16 6.1.111
  6.1.112 6.1.113 6.1.170 6.1.172 6.1.178 6.1.187 6.1.190 6.1.192 6.4.13 6.5.10 6.6.57 6.11.4 6.12.8 6.12.43 6.12.48
  6.12.90 6.12.95 6.12.100 6.12.117 6.16.3 6.16.12 6.17.8 6.17.13 6.18.5 6.18.15 6.19.6 6.19.14 7.0.4 7.1.3 7.1.13
  7.2.6 7.2.12 7.2.13 7.3.4`.split(/\s+/);

/** A line a fact: its value, or what it can be. */
function rowOf(release: string): string {
  const { read_as, facts } = kernelFound({
    kernel: 'resolved',
    kernel_release: release,
    kernel_probes: NO_PROBES,
  });
  const known = facts.filter(({ values }) => values.length > 0);
  const lines = known.map(({ fact, status, value, values }) => {
    const told = status === 'unknown' ? { unknown: values } : value;
    return `  ${JSON.stringify(fact)}: ${JSON.stringify(told)}`;
  });
  return `{\n  "read_as": ${JSON.stringify(read_as)},\n${lines.join(',\n')}\n}\n`;
}

describe('[KREL3] [KREL6] the row of a release', () => {
  test.each([...BRANCHES, ...POINTS])('%s', async (release) => {
    await expect(rowOf(release)).toMatchFileSnapshot(`golden/${release}.json`);
  });

  test('there is a file of every point release that a change point names', () => {
    const text = readFileSync(new URL('change_points.json', import.meta.url), 'utf8');
    for (const release of text.match(/\b[567]\.\d+\.\d+\b/g)!) expect(POINTS).toContain(release);
  });
});
