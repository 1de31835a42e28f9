import { describe, expect, test } from 'vitest';
import { apply, emptyHost, indexHost } from '../../src/engine/model/apply.ts';
import type { ImportedDevice } from '../../src/engine/model/host_command.ts';
import { importing, refusedOf } from './importing.ts';
import { noOpenExposures } from '../../src/engine/model/open_exposures.ts';
import { noUses } from '../../src/engine/model/uses.ts';
import { ext4 } from './rig.ts';
import { addMapper, addPin, DEVICE, machine, PIPE, removeDevice, type Machine } from './support.ts';

const GIB = 2 ** 30;
const RAM = { mode: 'system-ram', size: GIB, target_node: 1 } as const;

/** What is refused of an import. */
function imports(made: Machine, ...devices: ImportedDevice[]): string {
  return refusedOf(made, importing(devices)).join();
}

function names({ host }: Machine): string[] {
  return [...host.tables.dax_devices.keys()];
}

/** The device as another listing names it. */
function renamed(made: Machine, name: string): string {
  const { mode, size } = made.host.tables.dax_devices.get(DEVICE)!;
  return imports(made, { name, mode, size, change: 'updated', is_another: false, previous_name: DEVICE });
}

describe('[IMP47] a device goes on under its own name', () => {
  test('with mounts, files, mappings, pins, removals and windows, as if it had always had it', () => {
    const { made, mapper } = ext4('v6.12');
    addPin(made, mapper(), PIPE);
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE, tenant: 'b' });
    const { uid, revision } = made.host.tables.dax_devices.get(DEVICE)!;
    expect(renamed(made, 'pmem7')).toBe('');
    const device = made.host.tables.dax_devices.get('pmem7');
    expect(device?.uid).toBe(uid);
    expect(device?.revision).toBeGreaterThan(revision);
    expect(JSON.stringify([...made.host.tables.mounts.values()])).not.toContain(DEVICE);
    for (const kind of [
      'files',
      'file_systems',
      'mounts',
      'mappings',
      'pins',
      'removals',
      'exposures',
    ] as const) {
      const named = [...made.host.tables[kind].values()].map(({ dax_device }) => dax_device);
      expect([kind, ...new Set(named)]).toEqual([kind, 'pmem7']);
    }
    const loaded = {
      ...made.host,
      uses_by: noUses(),
      open_exposures: noOpenExposures(),
    };
    const { uses_by, open_exposures } = indexHost(loaded);
    expect([uses_by, open_exposures]).toEqual([made.host.uses_by, made.host.open_exposures]);
    expect(open_exposures.windows.size).toBe(1);
    expect(made.events.reduce(apply, emptyHost())).toEqual(made.host);
  });

  test('with its memory', () => {
    const made = machine('v6.12');
    imports(made, { ...RAM, name: DEVICE, change: 'created' });
    const range = made.host.tables.memory_ranges.get(DEVICE);
    expect(renamed(made, 'dax0.0')).toBe('');
    const { base_pfn } = made.host.tables.dax_devices.get('dax0.0')!;
    expect([...made.host.tables.memory_ranges.values()]).toEqual([
      { ...range, id: 'dax0.0', dax_device: 'dax0.0', revision: 3, base_pfn },
    ]);
  });

  test('and where there is one of that name, the former goes, unless it is in use', () => {
    const made = machine('v6.12');
    const device = { mode: 'devdax', size: GIB } as const;
    imports(
      made,
      { ...device, name: DEVICE, change: 'created' },
      { ...device, name: 'dax0.0', change: 'created' },
    );
    const { mapping } = addMapper(made, { dax_device: DEVICE });
    expect(renamed(made, 'dax0.0')).toBe('dax0.0: dax_device_in_use');
    const turned = { ...device, name: DEVICE, change: 'gone', is_now: 'dax0.0' } as const;
    expect(imports(made, turned)).toBe(`${DEVICE}: dax_device_in_use`);
    made.run({ type: 'munmap', mapping });
    expect(imports(made, turned)).toBe('');
    expect(names(made)).toEqual(['dax0.0']);
    expect(imports(made, turned)).toBe('');
  });
});
