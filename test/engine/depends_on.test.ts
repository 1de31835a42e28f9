import { expect, test } from 'vitest';
import { dependsOn } from '../../src/engine/kernels/depends_on.ts';
import type { Worlds } from '../../src/engine/kernels/worlds.ts';
import { refuse } from '../../src/engine/model/refusal.ts';
import { errnoOutcome, okOutcome, oopsOutcome } from '../../src/engine/model/outcome.ts';
import { choice } from './choices.ts';

const a = choice('a', 'no', 'yes');
const b = choice('b', 'no', 'yes');

type Tried = readonly (readonly [assumed: Readonly<Record<string, number>>, outcome: unknown])[];

function worlds(tried: Tried, complete = true): Worlds<unknown> {
  const told = tried.map(([assumed, outcome]) => ({ assumed: new Map(Object.entries(assumed)), outcome }));
  return { choices: [a, b], tried: told, complete };
}

/** The facts that decide, and what their values lead to. */
function decided(tried: Tried): unknown {
  return dependsOn(worlds(tried)).map(({ fact, values }) => [
    fact,
    values.map(({ value: _value, ...told }) => told),
  ]);
}

test('[UNK7] a fact decides where another value of it alone leads to another outcome', () => {
  const [bad, good] = [errnoOutcome('EIO'), okOutcome()];
  const told = (result: string, errno: string | null) => {
    return { result, errno, signal: null, kernel_oopses: [], differs: ['/result', '/errno'] };
  };
  expect(
    decided([
      [{ a: 0, b: 0 }, bad],
      [{ a: 0, b: 1 }, bad],
      [{ a: 1, b: 0 }, good],
      [{ a: 1, b: 1 }, good],
    ]),
  ).toEqual([['a', [told('errno', 'EIO'), told('ok', null)]]]);
});

test('[UNK7] a value that leads to several outcomes is undetermined itself', () => {
  const removal = (verdict: string, ...kinds: string[]): object => {
    return { state: 'completed', verdict, hazards: kinds.map((kind) => ({ kind })) };
  };
  const [all, none] = [removal('exposed', 'stale_mapping', 'stale_mapping'), removal('contained')];
  const exposed = { state: 'completed', verdict: 'exposed', hazards: ['stale_mapping'] };
  const differs = ['/verdict', '/hazards'];
  expect(
    decided([
      [{ a: 0 }, all],
      [{ a: 1, b: 0 }, none],
      [{ a: 1, b: 1 }, all],
    ]),
  ).toEqual([
    [
      'a',
      [
        { ...exposed, differs },
        { state: 'completed', verdict: 'undetermined', differs },
      ],
    ],
    [
      'b',
      [
        { state: 'completed', verdict: 'undetermined', differs },
        { ...exposed, differs },
      ],
    ],
  ]);
});

test('[UNK8] a refusal says why, and an outcome where it oopses', () => {
  const refusal = refuse('kernel_refused', 'no', { errno: 'EBUSY' });
  const unread = refuse('outcome_unknown', 'nobody knows');
  expect(
    decided([
      [{ a: 0 }, refusal],
      [{ a: 1, b: 0 }, unread],
      [
        { a: 1, b: 1 },
        { answer: oopsOutcome('do_wp_page', 'process'), exposures: [] },
      ],
    ]),
  ).toMatchObject([
    ['a', [{ refused: 'kernel_refused', errno: 'EBUSY' }, {}]],
    ['b', [{}, { result: 'undetermined' }]],
  ]);
});

test('[UNK8] an outcome says where the kernel oopses', () => {
  const oops = (at: string): object => ({ answer: oopsOutcome(at, 'process'), exposures: [] });
  expect(
    decided([
      [{ a: 0 }, oops('do_wp_page')],
      [{ a: 1 }, oops('zap_pte_range')],
    ]),
  ).toMatchObject([
    [
      'a',
      [
        { kernel_oopses: ['do_wp_page'] },
        { kernel_oopses: ['zap_pte_range'], differs: ['/kernel_oopses/0/at'] },
      ],
    ],
  ]);
});

test('[UNK8] an answer without a head of its own says what differs in it, else in what is stored', () => {
  const of = (counted: number, name: string): object => {
    return { answer: { name }, exposures: [], records: { 'hosts/h': { counted } }, entries: [] };
  };
  expect(
    decided([
      [{ a: 0 }, of(1, 'x')],
      [{ a: 1 }, of(2, 'y')],
    ]),
  ).toEqual([['a', [{ differs: ['/name'] }, { differs: ['/name'] }]]]);
  expect(
    decided([
      [{ a: 0 }, of(1, 'x')],
      [{ a: 1 }, of(2, 'x')],
    ]),
  ).toEqual([['a', [{ differs: ['/hosts/h/counted'] }, { differs: ['/hosts/h/counted'] }]]]);
  expect(
    decided([
      [{ a: 0 }, null],
      [{ a: 1 }, 'x'],
    ]),
  ).toEqual([['a', [{ differs: [''] }, { differs: [''] }]]]);
});

test('[UNK10] verbs say which of them oops or spin', () => {
  const verbs = (oops: string[], livelock: string[] = []): object => ({ reach: ['load'], oops, livelock });
  expect(
    decided([
      [{ a: 0 }, verbs(['exit'], ['ptrace'])],
      [{ a: 1 }, verbs([])],
    ]),
  ).toEqual([
    [
      'a',
      [
        { triggered_by: ['exit', 'ptrace'], differs: ['/oops', '/livelock'] },
        { triggered_by: [], differs: ['/oops', '/livelock'] },
      ],
    ],
  ]);
});

test('[UNK8] of several removals the first speaks', () => {
  const of = (verdict: string): object => ({
    removals: [{ state: 'completed', verdict, hazards: [] }, { verdict: 'contained' }],
  });
  expect(
    decided([
      [{ a: 0 }, of('exposed')],
      [{ a: 1 }, of('leaked')],
    ]),
  ).toMatchObject([['a', [{ verdict: 'exposed' }, { verdict: 'leaked' }]]]);
});

test('[UNK2] where not all ways were tried every choice is named, and nothing is told of its values', () => {
  expect(
    dependsOn(
      worlds(
        [
          [{ a: 0, b: 0 }, 'x'],
          [{ a: 0, b: 1 }, 'y'],
        ],
        false,
      ),
    ),
  ).toEqual([
    { change: 'a', fact: 'a', facts: ['a'], probes: [], values: [{ value: 'no' }, { value: 'yes' }] },
    { change: 'b', fact: 'b', facts: ['b'], probes: [], values: [{ value: 'no' }, { value: 'yes' }] },
  ]);
});

test('[UNK7] where outcomes are equal nothing decides', () => {
  expect(
    dependsOn(
      worlds([
        [{ a: 0 }, okOutcome()],
        [{ a: 1 }, okOutcome()],
      ]),
    ),
  ).toEqual([]);
});
