import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Change } from '../../../src/engine/kernels/change.ts';
import { ALL_ROWS } from '../../../src/engine/kernels/resolved.ts';
import { NOT_MODELLED, rowsOf } from './change_point_keys.ts';

/** What was found of each fact in trees, commits and changelogs: the tables are held to it. */
interface ChangePoint {
  readonly key: string;
  readonly release: string | null;
  readonly window: string | null;
}

const POINTS = JSON.parse(
  readFileSync(new URL('change_points.json', import.meta.url), 'utf8'),
) as readonly ChangePoint[];

function changesOf(path: string): readonly Change[] {
  const found = ALL_ROWS.find(([row]) => row === path);
  return found?.[1].changed_in ?? [];
}

function spelled({ release, within }: Change): string {
  return release ?? (within === null ? 'no release' : `${within.first}..${within.last}`);
}

test.each(POINTS.filter(({ key }) => !(key in NOT_MODELLED)))('$key changed in $release $window', (point) => {
  const told = point.release ?? point.window;
  const release = told === null || told === 'config' ? 'no release' : told;
  for (const path of rowsOf(point.key)) {
    expect(changesOf(path).map(spelled), path).toContain(release);
  }
});

test('what no table has is a key of a change point', () => {
  for (const key of Object.keys(NOT_MODELLED)) expect(POINTS.map((point) => point.key)).toContain(key);
});
