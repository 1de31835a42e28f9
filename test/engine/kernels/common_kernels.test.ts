import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { valueOf } from '../../../src/engine/kernels/column.ts';
import { ALL_ROWS } from '../../../src/engine/kernels/resolved.ts';
import { kernelFound } from '../../../src/engine/kernels/shown.ts';
import { NO_PROBES } from '../../../src/engine/kernels/told.ts';
import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { NOT_MODELLED, rowsOf } from './change_point_keys.ts';

/** What was said of common kernels, read from their sources: as a profile, but for some facts. */
interface Common {
  readonly as: KernelName;
  readonly except: Readonly<Record<string, string>>;
  readonly without: readonly string[];
  readonly open: readonly string[];
}

const COMMON = JSON.parse(readFileSync(new URL('common_kernels.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Common>
>;

/** Said elsewhere: a default of the distribution, what holds of a partition, what was recorded, and which function of an oops is inlined. */
const APART =
  /^(auto_online_default|xfs_walk_of_partition|cost\.|lists\.cxl_memdev|worker_oops_at\.|stale\.|eviction\.bound_again|device_dax\.|sync_waits_in)/;

const modelled = (keys: readonly string[]) => keys.filter((key) => !(key in NOT_MODELLED)).flatMap(rowsOf);

describe.each(Object.entries(COMMON))('%s', (release, { as, except, without, open }) => {
  const told = { kernel: 'resolved', kernel_release: `${release}.0`, kernel_probes: NO_PROBES } as const;
  const found = new Map(kernelFound(told).facts.map((fact) => [fact.fact, fact]));
  const other = new Set(modelled([...Object.keys(except), ...open]));
  const refcounted = 'the keys of 38607c62b34b' in except;
  const isRefcounted = (path: string) => {
    const row = ALL_ROWS.find(([each]) => each === path);
    return refcounted && row![1].changed_in.some(({ id }) => id === '38607c62b34b');
  };

  test(`is ${as} in all that is not excepted`, () => {
    for (const [path, row] of ALL_ROWS) {
      if (APART.test(path) || other.has(path) || isRefcounted(path)) continue;
      expect(found.get(path)?.values, path).toEqual([valueOf(row, as)]);
    }
  });

  test('has the values that are excepted', () => {
    for (const [key, value] of Object.entries(except)) {
      if (!/^[\w.]+$/.test(value)) continue;
      for (const path of modelled([key]).filter((each) => !APART.test(each) && found.has(each))) {
        expect(found.get(path)!.values.map(String), path).toEqual([value]);
      }
    }
  });

  test('leaves open what nobody located', () => {
    for (const path of modelled(open)) expect(found.get(path)!.values.length, path).toBeGreaterThan(1);
    for (const path of modelled(without)) expect(found.has(path), path).toBe(true);
  });
});
