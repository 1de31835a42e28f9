import fc from 'fast-check';
import { expect, test } from 'vitest';
import { patched, patchOf } from '../../src/store/record_patch.ts';
import { cases } from '../support/property.ts';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;
const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
const { record } = fc.letrec<{ value: unknown; record: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, 0, 1, true, '', 'x', undefined),
    fc.array(
      tie('value').filter((value) => value !== undefined),
      { maxLength: 4 },
    ),
    tie('record'),
  ),
  record: fc.dictionary(names, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}));

test('a patch that went through JSON makes the next state of a record of the one before', () => {
  fc.assert(
    fc.property(record, record, (before, after) => {
      const patch = plain(patchOf(before, after)) as ReturnType<typeof patchOf>;
      expect(plain(patched(before, patch))).toEqual(plain(after));
    }),
    cases(500),
  );
});

test('a patch names what differs and nothing else', () => {
  const labels = { rack: '7' };
  const before = {
    revision: 1,
    state: 'bound',
    labels,
    counters: { total: 1, failed: 0 },
    pages: [1, 2, 3, 4],
  };
  const after = { ...before, labels: { rack: '7' }, counters: { total: 2, failed: 0 }, pages: [1, 9, 3, 4] };
  expect(patchOf(before, after)).toEqual([0, 0, { counters: [{ total: 2 }] }, { pages: [1, 2, [9]] }]);
  expect(patchOf(before, { ...before, state: 'gone' })).toEqual([{ state: 'gone' }]);
  expect(patchOf(before, { ...before })).toEqual([]);
});
