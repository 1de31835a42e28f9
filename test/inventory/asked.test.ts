import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { cases } from '../support/property.ts';
import { askAll, doToRest, removalsOf } from './support/asked.ts';
import { HOSTILE, spoil } from './support/hostile.ts';
import { hostOn } from './support/played.ts';
import { recordedInventories } from './support/recordings.ts';
import { GAPS, thinned } from './support/thinned.ts';

const MACHINES = recordedInventories()
  .map(({ topology, listings }) => ({
    topology,
    texts: [...new Set(listings.values())].filter((text) => text.length > 4),
  }))
  .filter(({ texts }) => texts.length > 0);
const ON_CXL = MACHINES.filter(({ topology }) => topology.startsWith('cxl'));

/** Some listings of one machine, each with objects left out, and one of them with a hostile value. */
const told = fc.oneof(fc.constantFrom(...MACHINES), fc.constantFrom(...ON_CXL)).chain(({ texts }) =>
  fc.record({
    texts: fc.subarray(texts, { minLength: 1, maxLength: Math.min(4, texts.length) }),
    gaps: fc.array(GAPS, { minLength: 4, maxLength: 4 }),
    hostile: fc.option(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom(...HOSTILE))),
    kernel: fc.constantFrom(...KERNEL_NAMES),
    pick: fc.nat(),
  }),
);

describe('[IMP50] whatever a listing tells or leaves out', () => {
  test('every question is answered or refused, and what is granted comes to rest', () => {
    fc.assert(
      fc.property(told, ({ texts, gaps, hostile, kernel, pick }) => {
        const kept = texts.map((text, at) => thinned(text, gaps[at]!));
        const [first = '[]', ...rest] = kept;
        const spoilt = hostile === null ? first : spoil(first, ...hostile).text;
        const host = hostOn(kernel, ...[spoilt, ...rest].filter((text) => /[{]/.test(text)));
        askAll(host);
        const removals = removalsOf(host);
        if (removals.length > 0) doToRest(host, removals[pick % removals.length]!);
        askAll(host);
        expect(
          [...host.made.host.tables.removals.values()].filter(({ state }) => state === 'running'),
        ).toEqual([]);
      }),
      cases(60),
    );
  });
});
