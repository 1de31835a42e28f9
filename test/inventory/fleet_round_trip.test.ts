import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/refusal.ts';
import {
  type Listed,
  type Modelled,
  NOTHING_LISTED,
  planImport,
  printListing,
} from '../../src/app/listing.ts';
import type { Machine } from '../engine/support.ts';
import { anyStory, play } from '../engine/fleet.ts';
import { SEEDED } from '../engine/seeded.ts';

const FORMATS = ['ndctl', 'daxctl'] as const;

test('[IMP4] importing what is exported changes nothing, whatever removals, binds and poison made of the host', () => {
  fc.assert(
    fc.property(anyStory, fc.infiniteStream(fc.boolean()), (story, keeps) => {
      let listed = NOTHING_LISTED;
      let seen: readonly unknown[] = [];
      play(story, (made) => {
        const modelled = modelledIn(made);
        const records = Object.values(modelled).flat();
        if (records.length === seen.length && records.every((record, at) => record === seen[at])) return;
        seen = records;
        for (const format of FORMATS) {
          const after = unchanged(listed, modelled, format);
          if (keeps.next().value === true) listed = after;
        }
      });
    }),
    { ...SEEDED, numRuns: 100 },
  );
});

function modelledIn({ host: { tables } }: Machine): Modelled {
  return {
    devices: [...tables.dax_devices.values()],
    ranges: [...tables.memory_ranges.values()],
    cxl_regions: [...tables.cxl_regions.values()],
  };
}

/** What is listed after an import of the export: to the host it does nothing, and the next export is the same. */
function unchanged(listed: Listed, modelled: Modelled, format: (typeof FORMATS)[number]): Listed {
  const text = printListing(listed, modelled, format);
  const plan = planImport(listed, modelled, text);
  if (isRefusal(plan) || 'too_large' in plan) throw new Error(JSON.stringify(plan));
  const changed = plan.imported.devices.filter(({ change }) => change !== 'unchanged');
  expect([format, text, changed]).toEqual([format, text, []]);
  expect(plan.devices).toEqual([]);
  expect(plan.imported.host_objects.filter(({ change }) => change !== 'unchanged')).toEqual([]);
  expect(plan.imported.skipped.filter(({ kind }) => kind === 'namespace' || kind === 'size')).toEqual([]);
  expect(printListing(plan.record, modelled, format)).toBe(text);
  return plan.record;
}
