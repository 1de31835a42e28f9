import { isDeepStrictEqual } from 'node:util';
import semver from 'semver';
import { describe, expect, test } from 'vitest';
import { rowsOf } from '../../src/engine/kernels/column.ts';
import { PROFILES } from '../../src/engine/kernels/profiles.ts';
import type { Change, Row } from '../../src/engine/kernels/row.ts';
import { TABLES } from '../../src/engine/kernels/tables.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';

const ROWS = rowsOf(TABLES);
const RELEASED = KERNEL_NAMES.filter((kernel) => PROFILES[kernel].released);
const NEIGHBOURS = RELEASED.slice(1).map((later, place) => [RELEASED[place]!, later] as const);

describe('the tables of the kernels', () => {
  test('a row is a difference: a fact that is the same on every kernel is none', () => {
    const same = ROWS.filter(([, { values }]) =>
      values.every((value) => isDeepStrictEqual(value, values[0])),
    );
    expect(same.map(([fact]) => fact)).toEqual([]);
  });

  test('the releases of a row agree with its values', () => {
    expect(ROWS.flatMap(([fact, row]) => disagreements(row).map((said) => `${fact}: ${said}`))).toEqual([]);
  });
});

/** Neighbours of which a release says that they differ and the values do not, or the other way round. */
function disagreements(row: Row<unknown>): string[] {
  const dated = row.changed_in.filter((change) => change.release !== null || change.within !== null);
  if (dated.length < row.changed_in.length) return [];
  return NEIGHBOURS.filter(([earlier, later]) => {
    const told = dated.some((change) => has(later, change) && !has(earlier, change));
    return told === isDeepStrictEqual(valueOf(row, earlier), valueOf(row, later));
  }).map(([earlier, later]) => `${earlier} and ${later}`);
}

function valueOf(row: Row<unknown>, kernel: KernelName): unknown {
  return row.values[KERNEL_NAMES.indexOf(kernel)];
}

/** Whether a change is in the release that a profile was read from, and recorded with. */
function has(kernel: KernelName, { release, within, backports }: Change): boolean {
  const version = versionOf(PROFILES[kernel].baseline.split(' ').at(-1)!);
  const branch = `~${String(version.major)}.${String(version.minor)}.0`;
  if (backports.some((from) => semver.satisfies(from, branch) && semver.gte(version, from))) return true;
  if (release !== null) return semver.gte(version, versionOf(release));
  const [first, last] = within!;
  if (semver.lt(version, versionOf(first))) return false;
  if (semver.gte(version, versionOf(last))) return true;
  throw new Error(`whether ${kernel} has a change of ${first} to ${last} is not known`);
}

function versionOf(text: string): semver.SemVer {
  return semver.coerce(text, { includePrerelease: false })!;
}
