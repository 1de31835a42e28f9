import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Host } from '../../src/engine/model/host.ts';
import { cases } from '../support/property.ts';
import { anyDrop, anyLife, anyStory, play, type Story } from './fleet.ts';
import { emptyLedger, enter, pagesOf, type Ledger } from './fleet/lost.ts';
import { snapshot } from './fleet/reference.ts';

/** Stories of the kernel that counts, and some of the others. */
const counting = (stories: fc.Arbitrary<Story>): fc.Arbitrary<Story> =>
  fc
    .tuple(stories, fc.nat({ max: 9 }))
    .map(([story, at]) => (at === 0 ? story : { ...story, kernel: 'v7.3' }));

const sorted = (pages: Iterable<number>): number[] => [...new Set(pages)].sort((a, b) => a - b);

/** What the records of a host say of lost references, and what the ledger says. */
function told({ tables }: Host, ledger: Ledger): { records: object; entered: object } {
  const devices = [...tables.dax_devices.values()];
  const ranges = [...tables.memory_ranges.values()];
  return {
    records: {
      refs: devices.map(({ lost_refs }) => sorted(pagesOf(lost_refs))),
      ptes: devices.map(({ lost_ptes }) => sorted(pagesOf(lost_ptes))),
      ram: ranges.map(({ miscounted }) => sorted(pagesOf(miscounted ?? []))),
    },
    entered: {
      refs: devices.map(({ uid }) => sorted(ledger.devices.get(uid)?.refs ?? [])),
      ptes: devices.map(({ uid }) => sorted(ledger.devices.get(uid)?.ptes ?? [])),
      ram: ranges.map(({ uid }) => sorted(ledger.ranges.get(uid) ?? [])),
    },
  };
}

test('[S10] [S11] [S46] [S47] [S53] what was dropped of an earlier pgmap is counted page by page', () => {
  const met = { refs: 0, ptes: 0, ram: 0 };
  fc.assert(
    fc.property(fc.oneof(anyDrop, counting(anyLife), counting(anyStory)), (story) => {
      const ledger = emptyLedger();
      let before: Host | null = null;
      play(
        story,
        () => undefined,
        ({ host }) => {
          before = snapshot(host);
        },
        ({ host }) => {
          enter(ledger, before!, host);
          const { records, entered } = told(host, ledger);
          expect(records).toEqual(entered);
        },
      );
      for (const { refs, ptes } of ledger.devices.values()) {
        met.refs += Math.min(1, refs.size);
        met.ptes += Math.min(1, ptes.size);
      }
      for (const pages of ledger.ranges.values()) met.ram += Math.min(1, pages.size);
    }),
    cases(150),
  );
  expect(Math.min(met.refs, met.ptes, met.ram)).toBeGreaterThan(50);
});
