import { describe, expect, test } from 'vitest';
import { isRow, valueOf, type Table } from '../../../src/engine/kernels/column.ts';
import { evidenceOf } from '../../../src/engine/kernels/evidence.ts';
import { PROFILE_RELEASES } from '../../../src/engine/kernels/profile_releases.ts';
import { ALL_ROWS, resolvedKernel } from '../../../src/engine/kernels/resolved.ts';
import { assuming } from '../../../src/engine/kernels/evidence.ts';
import { solve } from '../../../src/engine/kernels/solve.ts';
import { NO_PROBES } from '../../../src/engine/kernels/told.ts';
import { Unsettled } from '../../../src/engine/kernels/unsettled.ts';
import type { KernelProbes } from '../../../src/engine/model/kernel_probes.ts';

/** What a row can be on a kernel, by the path of the row. */
function valuesOf(told: string, fact: string, probes: Partial<KernelProbes> = {}): readonly unknown[] {
  const [, row] = ALL_ROWS.find(([path]) => path === fact)!;
  return solve(row, assuming(evidenceOf(told, { ...NO_PROBES, ...probes }), new Map())).values;
}

function resolve(told: string, assumed = new Map<string, number>()) {
  return resolvedKernel(evidenceOf(told, NO_PROBES), assumed);
}

describe('a release that was recorded', () => {
  test.each(PROFILE_RELEASES)('$release is the column of $kernel', ({ kernel, release }) => {
    for (const [fact, row] of ALL_ROWS) {
      if (row.unrecorded !== undefined || fact === 'auto_online_default') continue;
      expect(valuesOf(release, fact), fact).toEqual([valueOf(row, kernel)]);
    }
  });
});

test('of a candidate nobody can say whether it has what came into its own release', () => {
  const collect = 'steps.dax_holder_notify_failure.collect';
  expect(valuesOf('6.8-rc3', collect)).toHaveLength(2);
  expect(valuesOf('6.9-rc1', collect)).toEqual(['every_leader_with_entry']);
  expect(valuesOf('6.0-rc2', 'memory_failure.counts_dax')).toEqual([false, true]);
});

test('the values of a row that has parts all have the same', () => {
  for (const [fact, { values }] of ALL_ROWS) {
    const members = values.filter(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    );
    expect(new Set(members.map((value) => Object.keys(value as object).join())).size, fact).toBeLessThan(2);
  }
});

describe('a fact that is read', () => {
  test('is one value where the release is known to have its change, or not to have it', () => {
    expect(resolve('6.4.16').facts.kmem.online_poisoned_block).toBe('EHWPOISON');
    expect(resolve('6.1.112').facts.kmem.online_poisoned_block).toBe('allowed');
    expect(
      resolve('5.17.3').steps.fsdax.map(({ name, parameters }) => [name, { ...parameters }]),
    ).toContainEqual(['pgmap_drain', { waits_for: 'page_refs', wait_in: 'memunmap_pages' }]);
  });

  test('is no value where nobody can say, and the choice names what decides', () => {
    const { facts } = resolve('6.18.15');
    const read = () => facts.kmem.policy_follows_memory;
    expect(read).toThrow(Unsettled);
    expect(resolve('6.18.15', new Map([['cpuset-effective-mems', 1]])).facts.kmem.policy_follows_memory).toBe(
      true,
    );
    try {
      read();
    } catch (error) {
      expect((error as Unsettled).choice).toMatchObject({
        id: 'cpuset-effective-mems',
        facts: ['kmem.policy_follows_memory'],
        values: [{ label: 'false' }, { label: 'true' }],
      });
    }
  });

  test('of two parts is read as far as it is known', () => {
    const { io_uring } = resolve('6.18.15').facts.pin_release_after_removal;
    expect(io_uring!.exit).toEqual({ do: 'ok' });
    expect(() => io_uring!.drop).toThrow(Unsettled);
  });

  test('holds only what was never read to be unknown: reading one group reads no other', () => {
    expect(() => resolve('5.14.0-427.13.1.el9_4.x86_64').facts.kmem).not.toThrow();
    expect(tableOf(resolve('6.4.0-150600.23.14-default').facts)).toBe(true);
  });
});

function tableOf(facts: object): boolean {
  return !isRow(facts as Table);
}
