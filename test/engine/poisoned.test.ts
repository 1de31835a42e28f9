import { expect, test } from 'vitest';
import { poisonedRanges } from '../../src/engine/questions/poisoned.ts';
import { baseOf, fail } from './poison.ts';
import { DAX, ext4 } from './rig.ts';
import { addDevice, addMapper, DEVICE, found, machine } from './support.ts';

test('the list of poisoned ranges merges flags and badblocks, cut where either begins or ends', () => {
  const made = machine('v5.10');
  addDevice(made, { name: DAX, mode: 'devdax', phys_addr: '0x100000000' });
  const one = addMapper(made, { dax_device: DAX });
  const at = { made, device: DAX, base: 0, who: { one } };
  fail(at, { page: 1, source: 'mce' });
  fail(at, { page: 3, source: 'debugfs' });
  fail(at, { page: 600, source: 'mce' });
  const rows = poisonedRanges(found(made.host.tables.dax_devices.get(DAX)));
  expect(rows.map((row) => [row.offset, row.length, row.phys_addr, row.hwpoison, row.badblock])).toEqual([
    [4096, 512, '0x100001000', true, true],
    [4608, 3584, '0x100001200', true, false],
    [12288, 4096, '0x100003000', true, false],
    [2457600, 512, '0x100258000', false, true],
  ]);
  const unplaced = ext4('v6.1');
  const file = unplaced.file();
  const spot = { made: unplaced.made, device: DEVICE, base: baseOf(unplaced.made, file), who: {} };
  unplaced.mapper();
  fail(spot, { page: 5, source: 'mce' });
  expect(poisonedRanges(found(unplaced.made.host.tables.dax_devices.get(DEVICE)))).toMatchObject([
    { phys_addr: null, hwpoison: true, badblock: true, length: 4096 },
  ]);
});
