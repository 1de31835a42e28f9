import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { ALL_REFUSED, RULES } from './all_rules.ts';

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
  for (const { rule, reason, proof } of ALL_REFUSED) {
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
    ...Array.from({ length: 170 }, (_, at) => `M${String(at + 1)}`),
  ];
  const dealt = new Set([...RULES, ...ALL_REFUSED].map(({ rule }) => rule));
  expect(rows.filter((row) => !dealt.has(row))).toEqual([]);
  expect([...dealt].filter((rule) => !rows.includes(rule))).toEqual([]);
});
