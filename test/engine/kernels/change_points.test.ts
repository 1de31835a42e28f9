import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Change } from '../../../src/engine/kernels/change.ts';
import { valueOf } from '../../../src/engine/kernels/column.ts';
import { ALL_ROWS } from '../../../src/engine/kernels/resolved.ts';
import { kernelFound } from '../../../src/engine/kernels/shown.ts';
import { NO_PROBES } from '../../../src/engine/kernels/told.ts';
import { NOT_MODELLED, rowsOf } from './change_point_keys.ts';
import { CALLS, NO_TITLE, NOT_OF_IT, STABLE, toldOf } from './change_point_values.ts';

/** What was found of each fact in trees, commits and changelogs: the tables are held to it. */
interface ChangePoint {
  readonly key: string;
  readonly before: string;
  readonly after: string;
  readonly release: string | null;
  readonly window: string | null;
  readonly commit: string;
  readonly certainty: string;
  readonly stable: string;
}

const POINTS = (
  JSON.parse(readFileSync(new URL('change_points.json', import.meta.url), 'utf8')) as readonly ChangePoint[]
).filter(({ key }) => !(key in NOT_MODELLED));

const OF_RELEASES = POINTS.filter(({ release }) => release !== 'config');

/** Each branch behind the one before it. */
const BRANCHES = [
  ...[10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((minor) => `5.${minor}`),
  ...Array.from({ length: 20 }, (_, minor) => `6.${minor}`),
  ...[0, 1, 2, 3].map((minor) => `7.${minor}`),
];

/** The last branch without a change, and the first that has it for certain. */
function aroundOf({ release, window }: ChangePoint): readonly [before: string, after: string] {
  const [first, last] = release === null ? window!.split('..') : [release, release];
  return [`${BRANCHES[BRANCHES.indexOf(first!) - 1]!}.0`, `${last!}.0`];
}

function whenOf({ release, window }: ChangePoint): string {
  return (release ?? window)!;
}

/** The change of a row that a change point tells. */
function changeOf(path: string, point: ChangePoint): Change | undefined {
  const [, row] = ALL_ROWS.find(([each]) => each === path)!;
  return row.changed_in.find(({ release, within }) => {
    const told = release ?? (within === null ? 'config' : `${within.first}..${within.last}`);
    return told === whenOf(point);
  });
}

function found(release: string, path: string) {
  const told = { kernel: 'resolved', kernel_release: release, kernel_probes: NO_PROBES } as const;
  return kernelFound(told).facts.find(({ fact }) => fact === path)!;
}

describe.each(POINTS)('$key changed in $release $window', (point) => {
  test.each(rowsOf(point.key))('%s has that change, by its commit or title', (path) => {
    const change = changeOf(path, point)!;
    expect(change).toBeDefined();
    const { commit } = point;
    const commits = commit.match(/\b[0-9a-f]{12}\b/g) ?? [];
    const says = `${change.id} ${change.title}`;
    if (commits.length > 0)
      expect(
        commits.some((each) => says.includes(each)),
        says,
      ).toBe(true);
    else if (point.release !== 'config' && !NO_TITLE.test(commit)) {
      const [known] = commit.split(/ \(|:.*the same|; /);
      expect(change.title.includes(known!) || commit.includes(change.title), says).toBe(true);
    }
  });
});

describe.each(OF_RELEASES)('$key: $before, after $release $window $after', (point) => {
  const when = whenOf(point);
  const [before, after] = aroundOf(point);

  test.each(rowsOf(point.key))('%s', (path) => {
    const told = toldOf(point.key, path, when, point.before, point.after);
    const calls = CALLS[when]?.[path];
    if (calls !== undefined) {
      const [was, is] = [before, after].map((release) => found(release, path).value);
      if (calls.before !== undefined) expect(was).toContain(calls.before);
      expect(is).not.toContain(calls.before);
      expect(was).not.toContain(calls.after);
      expect(is).toContain(calls.after);
    } else if (told === null) {
      const [, row] = ALL_ROWS.find(([each]) => each === path)!;
      expect(found(before, path).value).toEqual(valueOf(row, 'v6.12'));
      expect(withoutFunctions(found(after, path).values)).toEqual(withoutFunctions([valueOf(row, 'v7.3')]));
    } else {
      expect([found(before, path).value, found(after, path).value]).toEqual(partly(told.before, told.after));
    }
  });
});

describe.each(POINTS.filter(({ window }) => window !== null))('$key, in $window', (point) => {
  test.each(rowsOf(point.key))('%s is open', (path) => {
    const [first, last] = point.window!.split('..');
    const within = BRANCHES.slice(BRANCHES.indexOf(first!), BRANCHES.indexOf(last!));
    for (const branch of within) expect(found(`${branch}.0`, path).values.length, branch).toBeGreaterThan(1);
  });
});

/** Members that the tables have and the words do not are left to the columns. */
function partly(...told: readonly unknown[]): unknown[] {
  return told.map((value): unknown => (isRecord(value) ? expect.objectContaining(parts(value)) : value));
}

function parts(value: object): object {
  const entries = Object.entries(value).map(([name, part]) => [name, ...partly(part)]);
  return Object.fromEntries(entries) as object;
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The function in which an oops strikes is a matter of inlining. */
function withoutFunctions(values: readonly unknown[]): unknown[] {
  return [...new Set(values.map((value) => JSON.stringify(value).replace(/"at":"\w+"/g, '"at"')))];
}

describe.each(Object.entries(STABLE))('%s on stable branches', (named, told) => {
  const [key, release = null] = named.split(' ') as [string, string?];
  const points = POINTS.filter((each) => each.key === key && (release === null || each.release === release));
  const point = points.at(-1)!;
  const [path] = rowsOf(key) as [string];
  const [before, after] = aroundOf(point).map((each) => found(each, path).value);

  test('has it where it was taken back, and not before', () => {
    for (const each of told.with) expect(found(each, path).values, each).toEqual([after]);
    for (const each of told.without) expect(found(each, path).values, each).toEqual([before]);
    for (const each of told.unseen) expect(found(each, path).values, each).toEqual([before, after]);
  });
});

test('every point release that is told of a stable branch is asked about', () => {
  const asked = new Set(
    Object.values(STABLE).flatMap((told) => [...told.with, ...told.without, ...told.unseen]),
  );
  for (const { key, stable } of POINTS) {
    for (const [release] of stable.matchAll(/\b\d\.\d+\.\d+\b/g)) {
      expect(asked.has(release) || NOT_OF_IT.includes(release), `${key}: ${release}`).toBe(true);
    }
  }
});

test('what no table has is a key of a change point', () => {
  const keys = (
    JSON.parse(readFileSync(new URL('change_points.json', import.meta.url), 'utf8')) as readonly ChangePoint[]
  ).map(({ key }) => key);
  for (const key of Object.keys(NOT_MODELLED)) expect(keys).toContain(key);
});
