import { describe, expect, test } from 'vitest';
import type { MemoryFailure } from '../../src/engine/model/device_command.ts';
import { answered, shape, touch } from './observe.ts';
import { baseOf } from './poison.ts';
import { ext4, mounted } from './rig.ts';
import { addDevice, DEVICE, found, machine, MIB, PAGE, type Machine } from './support.ts';

const SECTOR = 512;

function ask(made: Machine, more: Partial<MemoryFailure>): string {
  const where = { dax_device: DEVICE, offset: 0, length: SECTOR, source: 'ars' } as const;
  return answered(made, { type: 'memory_failure', ...where, ...more });
}

function badblocks(made: Machine): readonly { offset: number; length: number }[] {
  return found(made.host.tables.dax_devices.get(DEVICE)).badblocks;
}

describe('[MF22] a scrub', () => {
  test.each(['ars', 'inject_error'] as const)('by %s adds sectors, and touches no page', (source) => {
    const { made, mapper, file } = ext4('v6.12', 1);
    const reader = mapper({ page_size: PAGE });
    const before = shape(made, reader);
    const offset = baseOf(made, file()) * PAGE + 5 * PAGE + 2 * SECTOR;
    const report = made.run({
      type: 'memory_failure',
      dax_device: DEVICE,
      offset,
      length: 2 * SECTOR,
      source,
    });
    const bad = [{ offset: offset / SECTOR, length: 2 }];
    expect(report).toMatchObject({ result: 'ok', action_results: [], processes: [], badblocks: bad });
    expect(report).toMatchObject({ unmapped_pages: 0, hwpoisoned_pages: 0 });
    expect(badblocks(made)).toEqual(bad);
    expect(shape(made, reader)).toBe(before);
    expect(touch(made, reader, 'read', { page: 5 }), 'what is mapped can be read').toBe('ok');
    const late = mapper({ touched: 'none', page_size: PAGE });
    expect(touch(made, late, 'read', { page: 5 })).toBe('SIGBUS BUS_MCEERR_AR');
  });

  test('takes the sectors that hold the bytes; inject-error takes whole ones', () => {
    const { made } = ext4('v6.12');
    expect(ask(made, { offset: 1000, length: 100 })).toBe('ok');
    expect(badblocks(made)).toEqual([{ offset: 1, length: 2 }]);
    const inject = { source: 'inject_error', offset: SECTOR } as const;
    expect(ask(made, { ...inject, length: 100 })).toBe('invalid_field');
    expect(ask(made, { ...inject, offset: 100 })).toBe('invalid_field');
    expect(ask(made, inject)).toBe('ok');
    expect(ask(made, { offset: 64 * MIB })).toBe('out_of_range');
  });

  test('is of no process', () => {
    const { made, mapper } = ext4('v6.12');
    const { pid } = mapper();
    expect(ask(made, { by_pid: pid })).toBe('invalid_field');
    expect(ask(made, { by_pid: pid, source: 'inject_error' })).toBe('invalid_field');
  });

  test.each(['e820', 'virtio-pmem', 'CXL'] as const)('%s has none', (provider) => {
    const { made } = mounted('v6.12', { device: { provider } });
    expect([ask(made, {}), ask(made, { source: 'inject_error' })]).toEqual(['EOPNOTSUPP', 'EOPNOTSUPP']);
    expect(badblocks(made)).toEqual([]);
  });

  test('of a bus that is not modelled is not known, and one that nobody has told has it', () => {
    const { made } = mounted('v6.12', { device: { provider: 'ibm,persistent-memory' } });
    const asked = [ask(made, {}), ask(made, { source: 'inject_error' })];
    expect(asked).toEqual(['outcome_unknown', 'outcome_unknown']);
    expect(ask(mounted('v6.12', { device: { provider: null } }).made, {})).toBe('ok');
  });

  test('of a sector namespace finds errors, and nothing is injected into one', () => {
    const made = machine('v6.12');
    addDevice(made, { mode: 'sector' });
    expect([ask(made, { source: 'inject_error' }), ask(made, {})]).toEqual(['EOPNOTSUPP', 'ok']);
  });

  test('finds no more separate badblocks than a device keeps', () => {
    const { made } = ext4('v6.12');
    for (let at = 0; at < 512; at += 1) ask(made, { offset: at * 2 * SECTOR });
    expect(badblocks(made)).toHaveLength(512);
    expect(ask(made, { offset: 1024 * SECTOR })).toBe('not_modelled');
    expect(ask(made, { offset: SECTOR }), 'one that joins two').toBe('ok');
  });
});
