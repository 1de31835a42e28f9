import { expect, test } from 'vitest';
import { cxl, DAX, device, memdevs, regions } from './cxl_rig.ts';
import { importing, refusedOf } from './importing.ts';
import { found, MIB, type Machine } from './support.ts';

/** A complete listing of memdevs that lacks mem0, and so the device that stands on it. */
const without = importing([{ name: DAX, mode: 'devdax', size: 64 * MIB, change: 'gone' }], {
  cxl: { memdevs: [], regions: [], gone: { memdevs: ['mem0'], regions: [] } },
});

const targetsIn = (made: Machine) => found(made.host.tables.cxl_regions.get('region0')).mappings;

test('[IMP55] a memdev that a listing shows no more leaves its region reset and without a driver', () => {
  const made = cxl();
  expect(refusedOf(made, without)).toEqual([]);
  expect([memdevs(made), regions(made), targetsIn(made), device(made).state]).toEqual([
    'mem0 gone',
    'region0 reset disabled',
    [],
    'gone',
  ]);
});

test('[IMP55] the other cards of an interleaved region stay its targets', () => {
  const made = cxl('v6.12', { cxl: { memdevs: [{ name: 'mem0' }, { name: 'mem1' }] } });
  expect(refusedOf(made, without)).toEqual([]);
  expect([memdevs(made), regions(made)]).toEqual(['mem0 gone, mem1 enabled', 'region0 reset disabled']);
  expect(targetsIn(made)).toMatchObject([{ position: 1, memdev: 'mem1' }]);
});

test('[IMP55] what the listing shows of the region stands', () => {
  const made = cxl();
  const { id: _id, uid: _uid, ...before } = found(made.host.tables.cxl_regions.get('region0'));
  const mappings = [{ position: 0, memdev: 'mem7', decoder: null }];
  const gone = { memdevs: ['mem0'], regions: [] };
  refusedOf(made, importing([], { cxl: { memdevs: [], regions: [{ ...before, mappings }], gone } }));
  expect([memdevs(made), regions(made), targetsIn(made)]).toEqual([
    'mem0 gone',
    'region0 commit enabled',
    mappings,
  ]);
});

test('[IMP55] a locked region is reset as the kernel does it, and where that is not known the memdev stays', () => {
  const locked = { cxl: { locked: true } };
  const made = cxl('v7.3', locked);
  expect(refusedOf(made, without)).toEqual([]);
  expect([memdevs(made), regions(made)]).toEqual(['mem0 gone', 'region0 commit disabled']);
  const unknown = cxl('v7.3', locked);
  unknown.run(importing([], { told: { kernel_release: '5.14.0-427.13.1.el9_4.x86_64' } }));
  expect(refusedOf(unknown, without)).toEqual(['mem0: outcome_unknown']);
  expect([memdevs(unknown), regions(unknown)]).toEqual(['mem0 enabled', 'region0 commit enabled']);
});
