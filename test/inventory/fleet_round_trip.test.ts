import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import {
  type Listed,
  type Modelled,
  NOTHING_LISTED,
  planImport,
  printListing,
} from '../../src/app/listing.ts';
import { EXPORT_FORMATS } from '../../src/inventory/export_listing.ts';
import { addDevice, machine, MIB, removeDevice } from '../engine/support.ts';
import { anyStory, play } from '../engine/fleet.ts';
import { cases } from '../support/property.ts';
import { modelledIn } from './support/played.ts';

test('[IMP4] a dax device without a driver whose namespace is listed for another device is not gone', () => {
  const made = machine('v6.12');
  addDevice(made, { name: 'pmem1' });
  addDevice(made, { name: 'dax0.0', mode: 'devdax' });
  addDevice(made, { name: 'dax1.0', mode: 'devdax', provider: 'CXL', cxl: {} });
  removeDevice(made, { dax_device: 'dax1.0', trigger: 'surprise_removal' });
  const media = { media_serial: '0x1', size: 64 * MIB };
  made.run({ type: 'record_hotplug_event', action: 'replace', dax_device: 'dax1.0', media, tenant: null });
  made.run({ type: 'commit_cxl_region', region: 'region0', memdevs: ['mem0'] });
  made.run({ type: 'bind_cxl_region', region: 'region0' });
  unchanged(NOTHING_LISTED, modelledIn(made), 'daxctl');
});

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
        for (const format of EXPORT_FORMATS) {
          const after = unchanged(listed, modelled, format);
          if (keeps.next().value === true) listed = after;
        }
      });
    }),
    cases(100),
  );
});

/** What is listed after an import of the export: to the host it does nothing, and the next export is the same. */
function unchanged(listed: Listed, modelled: Modelled, format: (typeof EXPORT_FORMATS)[number]): Listed {
  const text = printListing(listed, modelled, format);
  const plan = planImport(listed, modelled, text);
  if (isRefusal(plan) || 'too_large' in plan) throw new Error(JSON.stringify(plan));
  const changed = plan.imported.devices.filter(({ change }) => change !== 'unchanged');
  expect([format, text, changed]).toEqual([format, text, []]);
  expect(plan.devices).toEqual([]);
  expect(plan.cxl).toBeUndefined();
  expect(plan.imported.host_objects.filter(({ change }) => change !== 'unchanged')).toEqual([]);
  expect(plan.imported.skipped.filter(({ kind }) => kind === 'namespace' || kind === 'size')).toEqual([]);
  expect(printListing(plan.record, modelled, format)).toBe(text);
  return plan.record;
}
