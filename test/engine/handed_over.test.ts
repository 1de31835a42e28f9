import { describe, expect, test } from 'vitest';
import { ext4, DAX, devdax, type Rig } from './rig.ts';
import { ram, fill } from './ram.ts';
import {
  access,
  addPin,
  DEVICE,
  FIXED_BUFFER,
  found,
  MIB,
  removeDevice,
  type Machine,
  type Mapper,
} from './support.ts';
import { exposures, through, told } from './windows.ts';

function hand(made: Machine, tenant: string | null, dax_device = DEVICE): void {
  made.run({ type: 'patch_dax_device', dax_device, tenant });
}

/** An ext4 of tenant a, which a process of a and one of b map. */
function shared(): Rig & { readonly a: Mapper; readonly b: Mapper } {
  const rig = ext4('v6.12');
  hand(rig.made, 'a');
  return { ...rig, a: rig.mapper({ tenant: 'a' }), b: rig.mapper({ tenant: 'b' }) };
}

function formerOf(made: Machine, name = DEVICE): readonly string[] {
  return found(made.host.tables.dax_devices.get(name)).former_tenants;
}

describe('[EX14] a device that is handed to another tenant without a bind', () => {
  test('opens a window for what its former tenant maps, and for nobody else', () => {
    const { made, a } = shared();
    expect(told(made), 'a device that nobody had is not handed over').toEqual([]);
    hand(made, 'b');
    expect(told(made)).toEqual([`${a.mapping} 1 → 1 (b): 512 pages, 0 writable; dax_device_changed, open`]);
    expect(exposures(made)[0]).toMatchObject({ reason: 'tenant', tenant: 'a', pid: a.pid });
    expect(formerOf(made)).toEqual(['a']);
  });

  test.each(['munmap', 'exit'] as const)('closes it with the %s of the mapping', (end) => {
    const { made, a } = shared();
    hand(made, 'b');
    if (end === 'munmap') made.run({ type: 'munmap', mapping: a.mapping });
    else made.run({ type: 'exit_process', pid: a.pid });
    expect(exposures(made).map(({ open }) => open)).toEqual([false]);
  });

  test('closes it where the tenant gets it back from nobody', () => {
    const { made } = shared();
    hand(made, null);
    hand(made, 'a');
    expect(formerOf(made)).toEqual([]);
    expect(exposures(made).map(({ open }) => open)).toEqual([false]);
  });

  test('closes it where the tenant gets it back, and opens it for the other', () => {
    const { made, a, b } = shared();
    hand(made, 'b');
    hand(made, 'a');
    expect(formerOf(made)).toEqual(['b']);
    expect(told(made)).toEqual([
      `${a.mapping} 1 → 1 (b): 512 pages, 0 writable; dax_device_changed, dax_device_changed`,
      `${b.mapping} 1 → 1 (a): 512 pages, 0 writable; dax_device_changed, open`,
    ]);
  });

  test('opens another window with yet another tenant', () => {
    const { made } = shared();
    hand(made, 'b');
    hand(made, 'c');
    hand(made, 'c');
    expect(exposures(made).map(({ tenant, to_tenant, open }) => [tenant, to_tenant, open])).toEqual([
      ['a', 'b', false],
      ['a', 'c', true],
      ['b', 'c', true],
    ]);
    hand(made, null);
    expect(exposures(made).filter(({ open }) => open)).toMatchObject([
      { tenant: 'a', to_tenant: null },
      { tenant: 'b', to_tenant: null },
    ]);
    expect(formerOf(made)).toEqual(['a', 'b', 'c']);
  });

  test('sees what the former tenant faults in later, and its longterm pins', () => {
    const { made, mapper } = devdax('v6.12', { align: 4096, tenant: 'a' });
    const one = mapper({ tenant: 'a', touched: 'none' });
    const other = mapper({ tenant: 'a' });
    const pin = addPin(made, other, FIXED_BUFFER);
    hand(made, 'b', DAX);
    expect(exposures(made).map(through)).toEqual([[other.mapping, pin]]);
    access(made, one.mapping, 'write');
    expect(exposures(made).map(through)).toEqual([[other.mapping, pin], [one.mapping]]);
    expect(exposures(made).at(-1)).toMatchObject({ writable_pages: 1 });
  });

  test('is no matter of the last removal, whose report has the windows of another generation', () => {
    const { made } = shared();
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE });
    hand(made, 'b');
    expect(exposures(made)).toMatchObject([{ reason: 'tenant', open: true }]);
    expect([...made.host.tables.removals.values()].at(-1)?.report.exposures).toEqual([]);
    made.run({ type: 'umount', mount: found([...made.host.tables.mounts.keys()][0]), lazy: true });
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE, mode: 'devdax' });
    expect(formerOf(made)).toEqual([]);
    expect(exposures(made).map(({ reason, open }) => [reason, open])).toEqual([
      ['tenant', false],
      ['generation', true],
      ['generation', true],
    ]);
  });

  test('leaves system RAM to the kernel, which gives it out', () => {
    const own = ram('v6.12', { device: { tenant: 'owner' } });
    fill(own, { length: MIB });
    hand(own.made, 'b', DAX);
    expect([formerOf(own.made, DAX), exposures(own.made)]).toEqual([['owner'], []]);
  });
});
