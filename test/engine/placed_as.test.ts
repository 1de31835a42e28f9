import { describe, expect, test } from 'vitest';
import type { CreateDaxDevice } from '../../src/engine/model/device_command.ts';
import type { KnownMode } from '../../src/engine/model/vocabulary.ts';
import { hostAfter, importedInto, printed } from '../inventory/support/played.ts';
import { addDevice, DEVICE, found, machine, MIB, removeDevice, type Machine } from './support.ts';

const GIB = 2 ** 30;
/** Of 8 GiB, with the struct pages on the device. */
const FSDAX = 8453619712;

function one(more: Partial<CreateDaxDevice>): Machine {
  const made = machine('v6.12', 0, { auto_online_blocks: 'offline' });
  addDevice(made, more);
  return made;
}

function deviceOf({ host }: Machine) {
  return found(host.tables.dax_devices.get(DEVICE));
}

function placeOf(made: Machine) {
  const { size, base_pfn, phys_addr, badblocks, placed_as } = deviceOf(made);
  return { size, base_pfn, phys_addr, badblocks, placed_as };
}

function rebind(made: Machine, ...modes: readonly KnownMode[]) {
  for (const mode of modes) {
    removeDevice(made, { dax_device: DEVICE });
    made.run({ type: 'bind', dax_device: DEVICE, mode });
  }
  return placeOf(made);
}

describe('[BIND1] what nobody tells of a layout', () => {
  test.each(['dev', 'mem'] as const)('of sector mode, map=%s before, changes no size on the way', (map) => {
    const made = one({ mode: 'fsdax', map, size: 8 * GIB, phys_addr: '0x1000000000' });
    rebind(made, 'raw');
    const raw = placeOf(made);
    const fsdax = rebind(made, 'fsdax');
    for (let round = 0; round < 3; round += 1) {
      expect(rebind(made, 'sector')).toEqual({ ...fsdax, placed_as: { mode: 'fsdax', map: 'dev' } });
      expect(rebind(made, 'raw')).toEqual(raw);
      expect(rebind(made, 'sector')).toEqual({ ...raw, placed_as: { mode: 'raw', map: null } });
      expect(rebind(made, 'fsdax')).toEqual(fsdax);
    }
  });

  test('leaves 8 GiB raw and their data in fsdax', () => {
    const made = one({ mode: 'fsdax', map: 'dev', size: FSDAX });
    expect(rebind(made, 'sector', 'raw').size).toBe(8 * GIB);
    expect(rebind(made, 'fsdax').size).toBe(FSDAX);
    expect(rebind(made, 'sector', 'sector', 'devdax').size, 'the same in front').toBe(FSDAX);
  });

  test('is remembered with where struct pages were', () => {
    const made = one({ mode: 'fsdax', map: 'mem', size: GIB - 2 * MIB });
    expect(rebind(made, 'sector').placed_as).toEqual({ mode: 'fsdax', map: 'mem' });
    expect(rebind(made, 'raw')).toMatchObject({ size: GIB, placed_as: null });
  });

  test('of a place that another device has, or a size that no namespace has, neither', () => {
    const two = one({ mode: 'fsdax', size: FSDAX, phys_addr: '0x1010000000' });
    addDevice(two, { name: 'pmem1', size: 128 * MIB, phys_addr: '0x1008000000' });
    const odd = one({ mode: 'fsdax', size: FSDAX + 4096 });
    for (const made of [two, odd]) {
      const before = placeOf(made);
      expect(rebind(made, 'raw')).toEqual({ ...before, placed_as: { mode: 'fsdax', map: 'dev' } });
      expect(rebind(made, 'sector', 'raw', 'fsdax')).toEqual(before);
    }
  });

  test('a sector size that is told is of that mode, and is found there again', () => {
    const made = one({ mode: 'sector', size: 1071616000 });
    const told = placeOf(made);
    expect(rebind(made, 'raw')).toEqual({ ...told, placed_as: { mode: 'sector', map: null } });
    expect(rebind(made, 'fsdax', 'sector')).toEqual(told);
  });
});

describe('[BIND1] a listing', () => {
  const namespace = (fields: object): string => JSON.stringify([{ dev: 'namespace0.0', ...fields }]);
  const fsdax = namespace({ mode: 'fsdax', map: 'dev', size: FSDAX, align: 2 * MIB, blockdev: DEVICE });
  const sector = { mode: 'sector', sector_size: 4096, blockdev: `${DEVICE}s` };

  test('that tells the size wins', () => {
    const host = hostAfter(fsdax);
    rebind(host.made, 'sector');
    const again = importedInto(host, namespace({ ...sector, size: 8581230592 })).host;
    expect(placeOf(again.made)).toMatchObject({ size: 8581230592, placed_as: null });
  });

  test('that does not leaves it, as of the layout that it was told in', () => {
    const host = importedInto(hostAfter(fsdax), namespace(sector)).host;
    expect(placeOf(host.made)).toMatchObject({ size: FSDAX, placed_as: { mode: 'fsdax', map: 'dev' } });
    expect(rebind(host.made, 'raw').size).toBe(8 * GIB);
  });

  test('does not show a size that is of another layout, and changes nothing', () => {
    const host = hostAfter(fsdax);
    rebind(host.made, 'sector');
    const before = placeOf(host.made);
    const [shown] = JSON.parse(printed(host, 'ndctl')) as object[];
    expect(shown).toMatchObject({ mode: 'sector' });
    expect(shown).not.toHaveProperty('size');
    const { host: again, answer } = importedInto(host, printed(host, 'ndctl'));
    expect(answer).toMatchObject({ devices: [{ change: 'unchanged' }], skipped: [] });
    expect(placeOf(again.made)).toEqual(before);
    expect(printed(again, 'ndctl')).toBe(printed(host, 'ndctl'));
  });
});

test.each([
  [8 * GIB, null],
  [FSDAX, { mode: 'fsdax', map: 'dev' }],
])('[BIND1] a medium of %i bytes is in the present layout if its size is news', (size, placed_as) => {
  const made = one({ mode: 'fsdax', size: FSDAX });
  rebind(made, 'sector');
  removeDevice(made, { trigger: 'surprise_removal' });
  made.run({ type: 'record_hotplug_event', action: 'replace', dax_device: DEVICE, media: { size } });
  expect(deviceOf(made)).toMatchObject({ size, placed_as });
});
