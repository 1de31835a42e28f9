import { expect, test } from 'vitest';
import { agree, isOneOutcome } from '../../src/engine/model/agree.ts';

test('[UNK3] outcomes that are equal are the outcome, and nothing is left out', () => {
  const outcome = { result: 'ok', list: [1, { a: null }], deep: { b: [] } };
  expect(agree([outcome, structuredClone(outcome), structuredClone(outcome)])).toEqual({
    value: outcome,
    left_out: [],
    conflicts: [],
  });
});

test.each([
  ['a word', { a: { result: 'ok' } }, { a: { result: 'errno' } }, '/a/result'],
  ['a number', { pages: [1, 2] }, { pages: [1, 3] }, '/pages/1'],
  ['the length of a list', { signals: [1] }, { signals: [1, 1] }, '/signals'],
  ['a member that one lacks', { a: 1 }, { a: 1, b: 2 }, '/b'],
  ['an object and none', { impact: null }, { impact: { killed: 1 } }, '/impact'],
  ['a list and none', { rows: null }, { rows: [] }, '/rows'],
  ['a symbol and none', { blocked_in: null }, { blocked_in: 'do_wp_page' }, '/blocked_in'],
  ['an oops more', { kernel_oopses: [] }, { kernel_oopses: [{ at: 'a', task: 'worker' }] }, '/kernel_oopses'],
])('[UNK3] %s makes two outcomes', (_what, one, other, pointer) => {
  expect(agree<object>([one, other]).conflicts).toEqual([pointer]);
  expect(isOneOutcome([one, other])).toBe(false);
});

test('[UNK4] a symbol, a line of the log or a sentence alone makes none, and is left out or told in all words', () => {
  const told = (at: string, line: string): object => ({
    kernel_oopses: [{ at, task: 'worker' }],
    blocked_in: at,
    kernel_log: ['Memory failure', line],
    detail: `oopses in ${at}`,
    source: 'mm/gup.c',
  });
  const agreed = agree([told('a', 'x'), told('b', 'y'), told('a', 'x')]);
  expect(agreed.conflicts).toEqual([]);
  expect(agreed.value).toEqual({
    kernel_oopses: [{ at: null, task: 'worker' }],
    blocked_in: null,
    kernel_log: ['Memory failure'],
    detail: 'oopses in a, or: oopses in b',
    source: 'mm/gup.c',
  });
  expect(agreed.left_out).toEqual(['/kernel_oopses/0/at', '/blocked_in', '/kernel_log', '/detail']);
});

test('[UNK4] of hazards those are told that all have, with the triggers that all have', () => {
  const hazard = (kind: string, ...triggered_by: string[]): object => {
    return { kind, pid: 1, mapping: 'm1', pin: null, detail: kind, triggered_by };
  };
  const one = { hazards: [hazard('stale_mapping', 'load'), hazard('kernel_oops', 'smaps', 'exit')] };
  const other = { hazards: [hazard('kernel_oops', 'exit'), hazard('gup_livelock', 'ptrace')] };
  const { value, left_out, conflicts } = agree([one, other]);
  expect([value, left_out, conflicts]).toEqual([
    { hazards: [hazard('kernel_oops', 'exit')] },
    ['/hazards'],
    [],
  ]);
});

test('[UNK4] a hazard that differs in more than its words and triggers is none of those that all have', () => {
  const hazard = (writable: boolean): object => ({
    kind: 'pin_outlives_pgmap',
    pid: 1,
    mapping: null,
    pin: 'v1',
    writable,
  });
  expect(agree([{ hazards: [hazard(true)] }, { hazards: [hazard(false)] }]).value).toEqual({ hazards: [] });
});

test('[UNK4] of steps those are told that all have, with what is the same in all', () => {
  const step = (name: string, state: string, more: object = {}): object => {
    return {
      name,
      state,
      source: `source of ${name}`,
      parameters: { same: 1, ...more },
      result: { ...more },
    };
  };
  const one = {
    steps: [step('kill_dax', 'done', { a: 1 }), step('del_gendisk', 'done'), step('cdev_del', 'done')],
  };
  const other = {
    steps: [{ ...step('kill_dax', 'done', { a: 2 }), source: 'elsewhere' }, step('cdev_del', 'done')],
  };
  const { value, conflicts } = agree<object>([one, other]);
  expect(conflicts).toEqual([]);
  expect(value).toEqual({
    steps: [
      { ...step('kill_dax', 'done'), source: 'source of kill_dax, or: elsewhere' },
      step('cdev_del', 'done'),
    ],
  });
});

test('[UNK3] other steps that are still to come are another outcome, and so is another step that waits', () => {
  const steps = (...told: [string, string][]): object => ({
    steps: told.map(([name, state]) => ({ name, state })),
  });
  const begun = steps(['kill_dax', 'done'], ['pgmap_drain', 'pending']);
  const others = [
    steps(['kill_dax', 'done'], ['del_gendisk', 'pending']),
    steps(['kill_dax', 'done']),
    steps(['kill_dax', 'done'], ['pgmap_drain', 'waiting']),
  ];
  for (const other of others) expect(agree([begun, other]).conflicts).toEqual(['/steps']);
});

test('[UNK4] a cost that differs is no cost', () => {
  const cost = (seconds: number | null): object => ({
    seconds,
    range: [1, 2],
    reason: null,
    formula: 'x',
    source: 'y',
    basis: 'z',
  });
  expect(agree([{ simulated_kernel_cost: cost(1) }, { simulated_kernel_cost: cost(2) }])).toEqual({
    value: {
      simulated_kernel_cost: {
        seconds: null,
        range: null,
        formula: null,
        source: null,
        basis: 'z',
        reason: 'it depends on a fact that is not known of this kernel',
      },
    },
    left_out: ['/simulated_kernel_cost'],
    conflicts: [],
  });
});

test('[UNK4] a cost that only some have is none', () => {
  const { value } = agree<object>([
    { simulated_kernel_cost: null },
    { simulated_kernel_cost: { seconds: 1 } },
  ]);
  expect(value).toEqual({ simulated_kernel_cost: null });
});

test('[UNK9] advice is what helps in all, and the whole depends on what its parts depend on', () => {
  const on = (fact: string): object => ({ fact, change: fact });
  const advice = (action: string): object => ({ action, targets: ['1'] });
  const one = { advice: [advice('umount_first'), advice('drop_pins')], depends_on: [on('a')] };
  const other = { advice: [advice('drop_pins')], depends_on: [on('b'), on('a')] };
  const { value, left_out, conflicts } = agree<object>([one, other, { advice: [advice('drop_pins')] }]);
  expect(value).toEqual({ advice: [advice('drop_pins')], depends_on: [on('a'), on('b')] });
  expect([left_out, conflicts]).toEqual([['/advice'], []]);
});

test('[UNK3] how often a record was changed on the way is no outcome', () => {
  expect(agree([{ revision: 3 }, { revision: 4 }])).toEqual({
    value: { revision: 3 },
    left_out: [],
    conflicts: [],
  });
});
