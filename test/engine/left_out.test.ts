import { describe, expect, test } from 'vitest';
import { importing, leftOutOf } from './importing.ts';
import { ext4 } from './rig.ts';
import { addPin, machine, PIPE, removeDevice, type Machine } from './support.ts';

function kernelOf({ host }: Machine): string {
  const [{ kernel, kernel_release } = {}] = host.tables.hosts.values();
  return `${String(kernel)} ${String(kernel_release)}`;
}

describe('[IMP41] of a listing is left out', () => {
  test('what it says of the kernel while a removal runs on another', () => {
    const told = { kernel_release: '6.8.12' };
    const { made, mapper } = ext4('v5.10');
    addPin(made, mapper(), PIPE);
    removeDevice(made);
    expect(leftOutOf(made, importing([], { told }))).toMatchObject([
      { kind: 'host', reason: 'refused', code: 'removal_in_progress' },
    ]);
    expect(kernelOf(made)).toBe('v5.10 null');
    const free = machine('v5.10');
    expect(leftOutOf(free, importing([], { told }))).toEqual([]);
    expect(kernelOf(free)).toBe('resolved 6.8.12');
  });

  test('a device that cannot be, new or known', () => {
    const made = machine('v6.12');
    const device = { name: 'dax0.0', mode: 'devdax', size: 4096 } as const;
    expect(leftOutOf(made, importing([{ ...device, change: 'created' }]))).toEqual([]);
    const odd = { ...device, size: 4097 };
    const devices = [
      { ...odd, change: 'updated' } as const,
      { ...odd, name: 'dax1.0', change: 'created' } as const,
      { ...device, name: 'dax2.0', change: 'created' } as const,
    ];
    expect(leftOutOf(made, importing(devices))).toMatchObject([{ name: 'dax0.0' }, { name: 'dax1.0' }]);
    const there = [...made.host.tables.dax_devices.values()];
    expect(there.map(({ name, size }) => [name, size])).toEqual([
      ['dax0.0', 4096],
      ['dax2.0', 4096],
    ]);
  });
});
