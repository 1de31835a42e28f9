import { describe, expect, test } from 'vitest';
import type { CreateDaxDevice } from '../../src/engine/model/device_command.ts';
import type { KnownMode } from '../../src/engine/model/vocabulary.ts';
import { create, cxl } from './cxl_rig.ts';
import { addDevice, DEVICE, found, machine, MIB, removeDevice, type Machine } from './support.ts';

const GIB = 2 ** 30;
/** What ndctl prints of a namespace of 1 GiB with map=dev: 9 MiB times 2 in front. */
const RECORDED = 1054867456;

function one(mode: KnownMode, size: number, more: Partial<CreateDaxDevice> = {}): Machine {
  const made = machine('v6.12', 0, { auto_online_blocks: 'offline' });
  addDevice(made, { mode, size, ...more });
  return made;
}

function rebind(made: Machine, mode: KnownMode, name = DEVICE): number {
  removeDevice(made, { dax_device: name });
  made.run({ type: 'bind', dax_device: name, mode });
  return deviceOf(made, name).size;
}

function deviceOf(made: Machine, name = DEVICE) {
  return found(made.host.tables.dax_devices.get(name));
}

describe('[BIND1] a bind in another mode', () => {
  test('takes the info block and the struct pages off a raw namespace, and gives them back', () => {
    const made = one('raw', GIB, { phys_addr: '0x100000000' });
    expect(rebind(made, 'fsdax')).toBe(RECORDED);
    expect(deviceOf(made)).toMatchObject({ phys_addr: '0x101200000', base_pfn: 0x101200, map: 'dev' });
    expect(rebind(made, 'devdax'), 'the same namespace').toBe(RECORDED);
    expect(rebind(made, 'system-ram')).toBe(RECORDED);
    expect(rebind(made, 'raw')).toBe(GIB);
    expect(deviceOf(made)).toMatchObject({ phys_addr: '0x100000000', base_pfn: 0x100000, map: null });
  });

  test.each([
    [4294967296, 4225761280],
    [16 * GIB, 16909336576],
    [64 * MIB, 62 * MIB],
    [66 * MIB, 64 * MIB],
    [128 * MIB, 124 * MIB],
  ])('of a namespace of %i bytes leaves %i, both ways', (whole, data) => {
    expect(rebind(one('raw', whole), 'fsdax')).toBe(data);
    expect(rebind(one('fsdax', data), 'raw')).toBe(whole);
  });

  test('takes the info block alone where struct pages are in memory', () => {
    expect(rebind(one('fsdax', GIB - 2 * MIB, { map: 'mem' }), 'raw')).toBe(GIB);
    const made = one('devdax', GIB - 2 * MIB, { map: 'mem' });
    expect(rebind(made, 'system-ram')).toBe(GIB - 2 * MIB);
    expect(deviceOf(made).map).toBe('mem');
    expect(rebind(made, 'raw')).toBe(GIB);
    expect(rebind(one('devdax', GIB - 2 * MIB, { map: 'mem' }), 'fsdax'), 'map=dev now').toBe(RECORDED);
  });

  test.each(['e820', 'virtio-pmem'] as const)('knows that %s has struct pages of its own', (provider) => {
    const made = one('fsdax', GIB, { provider, map: 'mem' });
    expect(rebind(made, 'devdax')).toBe(RECORDED);
    const aligned = one('fsdax', GIB, { provider, map: 'mem', align: 2 * MIB });
    expect(rebind(aligned, 'devdax'), 'what is in front is not told').toBe(GIB);
  });

  test('keeps badblocks where they are on the medium', () => {
    const made = one('raw', GIB);
    const at = (sector: number) => {
      const bad = { type: 'memory_failure', dax_device: DEVICE, length: 512, source: 'ars' } as const;
      made.run({ ...bad, offset: sector * 512 });
    };
    at(8);
    at(36864 + 4136);
    rebind(made, 'fsdax');
    expect(deviceOf(made).badblocks).toEqual([{ offset: 4136, length: 1 }]);
    rebind(made, 'raw');
    expect(deviceOf(made).badblocks).toEqual([{ offset: 41000, length: 1 }]);
  });

  test('keeps the size where what is in front cannot be told', () => {
    const odd = RECORDED + 4096;
    expect(rebind(one('fsdax', odd), 'raw'), 'no namespace has it').toBe(odd);
    expect(rebind(one('devdax', GIB, { align: GIB }), 'raw'), 'it depends on the address').toBe(GIB);
    expect(rebind(one('sector', GIB), 'raw'), 'a btt').toBe(GIB);
    expect(rebind(one('raw', 2 * MIB), 'fsdax'), 'there is no room').toBe(2 * MIB);
    const two = one('fsdax', RECORDED, { phys_addr: '0x101200000' });
    addDevice(two, { name: 'pmem1', size: 0x1200000, phys_addr: '0x100000000' });
    expect(rebind(two, 'raw'), 'another device is there').toBe(RECORDED);
  });

  test('cuts what is behind the last 2 MiB', () => {
    expect(rebind(one('raw', GIB + MIB), 'fsdax')).toBe(RECORDED);
  });

  test('is none of a dynamic dax region', () => {
    const made = cxl();
    made.run(create({ type: 'ram' }, { name: 'dax7.0', size: GIB }));
    expect(rebind(made, 'system-ram', 'dax7.0')).toBe(GIB);
  });
});
