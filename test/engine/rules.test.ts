import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/vocabulary.ts';
import type { Rule } from './observe.ts';
import { REFUSED } from './refused.ts';
import { DEVDAX_RULES, PAGE_CACHE_RULES } from './rules/devices.ts';
import { EXT4_RULES } from './rules/ext4.ts';
import { LETTER_RULES, MASS_FAILURE_RULES } from './rules/force_unmap.ts';
import { MAPPING_RULES } from './rules/mappings.ts';
import { PIN_RULES } from './rules/pins.ts';
import { REPURPOSE_RULES } from './rules/repurpose.ts';
import { STALE_RULES } from './rules/stale.ts';
import { RMAPBT_RULES } from './rules/rmapbt.ts';
import { XFS_RULES } from './rules/xfs.ts';

const RULES: readonly Rule[] = [
  ...MAPPING_RULES,
  ...EXT4_RULES,
  ...XFS_RULES,
  ...RMAPBT_RULES,
  ...MASS_FAILURE_RULES,
  ...LETTER_RULES,
  ...PAGE_CACHE_RULES,
  ...DEVDAX_RULES,
  ...PIN_RULES,
  ...STALE_RULES,
  ...REPURPOSE_RULES,
];

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  for (const { rule, about, act, cells } of RULES) {
    const outcome = cells[kernel];
    if (outcome === undefined) continue;
    test(`[${rule}] ${about}`, () => {
      expect(act(kernel)).toBe(outcome);
    });
  }
});

describe('what the model refuses', () => {
  for (const { rule, reason, proof } of REFUSED) {
    if (proof === undefined) continue;
    test(`[${rule}] ${reason}`, () => {
      for (const kernel of KERNEL_NAMES) {
        const codes = proof.codes[kernel];
        if (codes !== undefined) expect([kernel, ...proof.act(kernel)]).toEqual([kernel, ...codes]);
      }
    });
  }
});

test('every row of the table and of the letter is a test or refused with a reason', () => {
  const rows = [
    ...Array.from({ length: 167 }, (_, at) => `R${String(at + 1)}`),
    ...Array.from({ length: 12 }, (_, at) => `FU${String(at + 1)}`),
  ];
  const dealt = new Set([...RULES, ...REFUSED].map(({ rule }) => rule));
  expect(rows.filter((row) => !dealt.has(row))).toEqual([]);
  expect([...dealt].filter((rule) => !rows.includes(rule))).toEqual([]);
});
