import { expect, test } from 'vitest';
import { deviceOf, exportOf, importInto, knownAfter, NOTHING } from './support/host.ts';

const listed = (mode: string): string =>
  `[{"dev":"namespace0.0","mode":"${mode}","size":1073741824,"blockdev":"pmem0"},{"dev":"namespace1.0","mode":"raw","size":4096,"blockdev":"pmem1"}]`;

test('[IMP43] the modes of former ndctl are those of today, and exported as they were listed', () => {
  const known = knownAfter(listed('memory'));
  expect(deviceOf(known, 'pmem0')).toMatchObject({ mode: 'fsdax', state: 'bound', size: 1073741824 });
  expect(exportOf('ndctl', known)).toContain('"mode": "memory"');
  const dax = '[{"dev":"namespace0.0","mode":"dax","size":1073741824,"chardev":"dax0.0"}]';
  expect(deviceOf(knownAfter(dax), 'dax0.0')).toMatchObject({ mode: 'devdax', state: 'bound' });
  expect(importInto(NOTHING, listed('safe')).skipped).toMatchObject([{ reason: 'btt' }]);
});

test('[IMP44] a namespace in another mode stays in the export, and a known device what it was', () => {
  const { host, records, skipped } = importInto(NOTHING, listed('famfs'));
  expect(skipped).toMatchObject([{ name: 'namespace0.0', reason: 'unknown mode' }]);
  expect(records.map(({ name }) => name)).toEqual(['pmem1']);
  expect(exportOf('ndctl', { host, devices: records })).toContain('"mode": "famfs"');
  const again = importInto(knownAfter(listed('fsdax')), listed('famfs'), true);
  expect(again.devices.map(({ change }) => change)).toEqual(['unchanged']);
  expect(again.records.map(({ name, mode }) => [name, mode])).toEqual([
    ['pmem0', 'fsdax'],
    ['pmem1', 'raw'],
  ]);
});
