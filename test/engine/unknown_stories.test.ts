import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply, emptyHost } from '../../src/engine/model/apply.ts';
import { foresee } from '../../src/engine/foresee.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { cases } from '../support/property.ts';
import { anyStory, play } from './fleet.ts';
import { stateHash } from './fleet/state.ts';
import { steadyContext } from './support.ts';

/** Kernels of which some facts are not known, of the vendor's none is. */
const anyRelease = fc.constantFrom('5.15.150', '6.6.30', '6.8.0', '6.18.9', '5.14.0-427.13.1.el9_4.x86_64');

test('[UNK1] whatever happens on a kernel with unknown facts is told by its events, and leaves nothing assumed', () => {
  const seen = { refused: 0, granted: 0 };
  fc.assert(
    fc.property(anyStory, anyRelease, (story, kernel_release) => {
      const made = play(
        { ...story, kernel_release },
        () => undefined,
        ({ host }, command) => {
          const before = stateHash(host);
          const dry = foresee(host, command, steadyContext('dry'));
          expect([stateHash(host), host.assumed.size]).toEqual([before, 0]);
          if (isRefusal(dry) && dry.code === 'undetermined') {
            expect(dry.depends_on!.length).toBeGreaterThan(0);
            seen.refused += 1;
          } else seen.granted += 1;
        },
      );
      expect(stateHash(made.events.reduce(apply, emptyHost()))).toBe(stateHash(made.host));
      for (const assessed of made.ask({ type: 'assess_removals' })) {
        if (assessed.verdict === 'undetermined') expect(assessed.depends_on!.length).toBeGreaterThan(0);
      }
    }),
    cases(20),
  );
  expect([seen.refused > 0, seen.granted > 0]).toEqual([true, true]);
});
