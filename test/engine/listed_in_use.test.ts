import { describe, expect, test } from 'vitest';
import type { ImportedDevice } from '../../src/engine/model/host_command.ts';
import { cxl, DAX, device, memdevs } from './cxl_rig.ts';
import { importing, leftOutOf, refusedOf } from './importing.ts';
import {
  addDevice,
  addMapper,
  addMount,
  DEVICE,
  found,
  machine,
  MIB,
  settle,
  type Machine,
} from './support.ts';

function names({ host }: Machine): string[] {
  return [...host.tables.dax_devices.values()].map(({ name, state }) => `${name} ${state}`);
}

test('[IMP19] a memdev beneath a device in use does not end by a listing, and does beneath an idle one', () => {
  const gone = { memdevs: [], regions: [], gone: { memdevs: ['mem0'], regions: ['region0'] } };
  const without = importing([{ name: DAX, mode: 'devdax', size: 64 * MIB, change: 'gone' }], { cxl: gone });
  const used = cxl();
  addMapper(used, { dax_device: DAX });
  expect(refusedOf(used, without)).toEqual(['mem0: dax_device_in_use', `${DAX}: dax_device_in_use`]);
  expect([memdevs(used), device(used)]).toMatchObject([
    'mem0 enabled',
    { state: 'bound', cxl_region: 'region0' },
  ]);
  const idle = cxl();
  expect(refusedOf(idle, without)).toEqual([]);
  expect([memdevs(idle), device(idle).state]).toEqual(['mem0 gone', 'gone']);
});

describe('[IMP8] the address of a device in use', () => {
  const listed = (phys_addr: string, size: number): ImportedDevice => {
    return { name: DEVICE, mode: 'fsdax', size, phys_addr, change: 'updated' };
  };
  const placeOf = (made: Machine) => {
    const { phys_addr, base_pfn, size } = found(made.host.tables.dax_devices.get(DEVICE));
    return { phys_addr, base_pfn, size };
  };

  test('that is told for the first time is taken once it is idle, and all else at once', () => {
    const made = machine('v6.12');
    addDevice(made);
    const mount = addMount(made);
    const { base_pfn } = placeOf(made);
    const told = { reason: 'dax_device_in_use', code: 'dax_device_in_use' };
    expect(leftOutOf(made, importing([listed('0x100000000', 128 * MIB)]))).toMatchObject([told]);
    expect(placeOf(made)).toEqual({ phys_addr: null, base_pfn, size: 128 * MIB });
    made.run({ type: 'umount', mount: mount.id, lazy: false });
    expect(refusedOf(made, importing([listed('0x100000000', 128 * MIB)]))).toEqual([]);
    expect(placeOf(made)).toMatchObject({ phys_addr: '0x100000000', base_pfn: 2 ** 20 });
  });

  test('that is another one is left out', () => {
    const made = machine('v6.12');
    addDevice(made, { phys_addr: '0x100000000' });
    addMount(made);
    expect(refusedOf(made, importing([listed('0x200000000', 64 * MIB)]))).toEqual([
      `${DEVICE}: dax_device_in_use`,
    ]);
    expect(placeOf(made)).toMatchObject({ phys_addr: '0x100000000' });
  });
});

describe('[IMP47] a device that was known by the name of its namespace', () => {
  const FORMER = 'namespace0.0';
  const listed: ImportedDevice = {
    name: 'pmem0',
    previous_name: FORMER,
    mode: 'fsdax',
    size: 64 * MIB,
    phys_addr: '0x100000000',
    change: 'created',
    listed_at: { document: 1, pointer: '/0' },
  };
  const known = (): Machine => {
    const made = machine('v6.12');
    addDevice(made, { name: FORMER, phys_addr: '0x100000000' });
    return made;
  };

  test('is under its own where it lay', () => {
    const made = known();
    expect(refusedOf(made, importing([listed]))).toEqual([]);
    expect(names(made)).toEqual(['pmem0 bound']);
    expect(found(made.host.tables.dax_devices.get('pmem0')).phys_addr).toBe('0x100000000');
  });

  test('is under its own while it is in use, and while it is being removed', () => {
    const mounted = known();
    addMount(mounted, { dax_device: FORMER });
    expect(refusedOf(mounted, importing([listed]))).toEqual([]);
    expect(names(mounted)).toEqual(['pmem0 bound']);
    const removing = known();
    removing.run({ type: 'remove_dax_device', dax_device: FORMER, trigger: 'unbind' });
    expect(refusedOf(removing, importing([listed]))).toEqual([]);
    expect(names(removing)).toEqual(['pmem0 removing']);
    expect(settle(removing)).toMatchObject({ dax_device: 'pmem0', state: 'completed' });
  });

  test('is under its own, as it was, where it cannot be as it is listed', () => {
    const made = known();
    expect(refusedOf(made, importing([{ ...listed, size: 4097 }]))).toEqual(['pmem0: invalid_field']);
    expect(names(made)).toEqual(['pmem0 bound']);
    const overlaps = { name: 'pmem1', mode: 'fsdax', size: 64 * MIB, phys_addr: '0x100000000' } as const;
    expect(refusedOf(made, importing([{ ...overlaps, change: 'created' }]))).toEqual(['pmem1: overlap']);
    expect(found(made.host.tables.dax_devices.get('pmem1')).phys_addr).toBeNull();
  });

  test('of which the model has none yet', () => {
    const made = machine('v6.12');
    expect(refusedOf(made, importing([listed]))).toEqual([]);
    expect(names(made)).toEqual(['pmem0 bound']);
  });
});
