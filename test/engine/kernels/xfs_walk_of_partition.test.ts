import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { kernelFound } from '../../../src/engine/kernels/shown.ts';
import { NO_PROBES } from '../../../src/engine/kernels/told.ts';

interface Point {
  readonly key: string;
  readonly release: string | null;
  readonly after: string;
  readonly stable: string;
  readonly note: string;
}

const POINTS = JSON.parse(
  readFileSync(new URL('change_points.json', import.meta.url), 'utf8'),
) as readonly Point[];

/** What was found of the walk, in words of its own for a partition. */
const WALK = POINTS.filter(({ key }) => key === 'notify.page_count_outside_last_ag');
const [begun] = WALK.filter(({ after }) => after.startsWith('walks_past_last_ag'));
const [mended] = WALK.filter(({ after }) => after.includes('on a PARTITION still too long'));
const [, rightFrom] = /partition right from (\d\.\d+)/.exec(mended!.stable)!;
const [, inStable] = /both in (\d\.\d+\.\d+)/.exec(mended!.stable)!;
const [, seenInStable] = /^(\d\.\d+\.\d+) source: len = ddev_start \+ size on a partition/.exec(
  mended!.note,
)!;

function found(kernel_release: string): unknown {
  const told = { kernel: 'resolved', kernel_release, kernel_probes: NO_PROBES } as const;
  return kernelFound(told).facts.find(({ fact }) => fact === 'xfs_walk_of_partition')!.values;
}

function isBehind(release: string, other: string): boolean {
  const [[major, minor], [otherMajor, otherMinor]] = [release, other].map((each) =>
    each.split('.').map(Number),
  ) as [[number, number], [number, number]];
  return major > otherMajor || (major === otherMajor && minor >= otherMinor);
}

const BRANCHES = [
  ...[10, 15, 16, 17, 18, 19].map((minor) => `5.${String(minor)}`),
  ...Array.from({ length: 20 }, (_, minor) => `6.${String(minor)}`),
  ...['7.0', '7.1', '7.2', '7.3'],
];

test('[KREL6] how far the walk of a partition goes is what the sources say of each branch', () => {
  expect([begun!.release, mended!.release, rightFrom]).toEqual(['6.0', '6.5', '6.8']);
  const said = (branch: string) => {
    if (!isBehind(branch, begun!.release!)) return null;
    if (!isBehind(branch, mended!.release!)) return 'walks_past_last_ag';
    return isBehind(branch, rightFrom!) ? 'exact' : 'too_long_by_its_start';
  };
  expect(BRANCHES.map((branch) => [branch, found(`${branch}.0`)])).toEqual(
    BRANCHES.map((branch) => [branch, [said(branch)]]),
  );
});

test('[KREL6] and of the stable branch that took the first half back', () => {
  const before = inStable!.replace(/\d+$/, (point) => String(Number(point) - 1));
  expect([before, inStable, seenInStable].map((release) => found(release!))).toEqual([
    ['walks_past_last_ag'],
    ['too_long_by_its_start'],
    ['too_long_by_its_start'],
  ]);
});
