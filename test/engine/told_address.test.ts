import { importing, leftOutOf } from './importing.ts';
import { describe, expect, test } from 'vitest';
import type { ImportedDevice } from '../../src/engine/model/host_command.ts';
import type { DaxDevice } from '../../src/engine/model/host.ts';
import { addMapper, addProcess, machine, removeDevice, type Machine } from './support.ts';

const GIB = 2 ** 30;
const TAKEN = '0x100000000';
const AT = { document: 0, pointer: '/1' };

function listed(name: string, more: Partial<ImportedDevice> = {}): ImportedDevice {
  return { name, mode: 'devdax', size: GIB, change: 'created', ...more };
}

/** What the answer says was not taken, a line each. */
function tell(made: Machine, ...devices: ImportedDevice[]): string[] {
  return leftOutOf(made, importing(devices)).map(
    ({ name, reason, pointer }) => `${name} ${reason} at "${pointer}"`,
  );
}

function deviceOf({ host }: Machine, name: string): DaxDevice {
  return host.tables.dax_devices.get(name)!;
}

/** Two devices, told at one address: the second has none. */
function two(more: Partial<ImportedDevice> = {}): Machine {
  const made = machine('v6.12');
  const second = listed('dax1.0', { phys_addr: TAKEN, listed_at: AT, ...more });
  expect(tell(made, listed('dax0.0', { phys_addr: TAKEN }), second)).toEqual(['dax1.0 overlap at "/1"']);
  return made;
}

const again = (more: Partial<ImportedDevice> = {}): ImportedDevice =>
  listed('dax1.0', { change: 'unchanged', phys_addr: TAKEN, listed_at: AT, ...more });

describe('[IMP46] an address that is not taken', () => {
  test('is told again, and changes nothing, while the other is there', () => {
    const made = two();
    const before = deviceOf(made, 'dax1.0');
    expect(tell(made, again())).toEqual(['dax1.0 overlap at "/1"']);
    expect(deviceOf(made, 'dax1.0')).toBe(before);
  });

  test('is taken once the other is not, and the poison of its pages goes with it', () => {
    const made = two();
    const { mapping } = addMapper(made, { dax_device: 'dax1.0' });
    made.run({ type: 'memory_failure', dax_device: 'dax1.0', offset: 0, length: 4096, source: 'debugfs' });
    made.run({ type: 'munmap', mapping });
    made.run({ type: 'delete_dax_device', dax_device: 'dax0.0' });
    expect(tell(made, again())).toEqual([]);
    const base_pfn = Number(TAKEN) / 4096;
    const at = { phys_addr: TAKEN, base_pfn, hwpoisoned: [[base_pfn, 1]] };
    expect(deviceOf(made, 'dax1.0')).toMatchObject(at);
  });

  test('is not taken while it is in use, being removed, or its memory has leaked', () => {
    const used = two();
    const pid = addProcess(used);
    const mapping = {
      pid,
      dax_device: 'dax1.0',
      offset: 0,
      length: 2 ** 21,
      flags: ['shared'],
      prot: 'rw',
    } as const;
    used.run({ type: 'create_mapping', ...mapping });
    const removing = two();
    removing.run({ type: 'remove_dax_device', dax_device: 'dax1.0', trigger: 'unbind' });
    const leaked = two({
      mode: 'system-ram',
      target_node: 1,
      memory_blocks: { online: 8, total: 8, movable: true },
    });
    removeDevice(leaked, { dax_device: 'dax1.0' });
    for (const made of [used, removing, leaked]) {
      made.run({ type: 'delete_dax_device', dax_device: 'dax0.0' });
      expect(tell(made, again())).toEqual(['dax1.0 dax_device_in_use at "/1"']);
      expect(deviceOf(made, 'dax1.0').phys_addr).toBeNull();
    }
  });

  test('is lost by one that grew into another, though the listing did not tell it', () => {
    const made = machine('v6.12');
    tell(made, listed('dax0.0', { phys_addr: TAKEN }), listed('dax1.0', { phys_addr: '0x200000000' }));
    expect(tell(made, listed('dax0.0', { size: 6 * GIB, change: 'updated' }))).toEqual([
      'dax0.0 overlap at ""',
    ]);
    expect(deviceOf(made, 'dax0.0').phys_addr).toBeNull();
  });
});
