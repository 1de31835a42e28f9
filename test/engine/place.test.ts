import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DaxDevice } from '../../src/engine/model/host.ts';
import type { ImportedDevice } from '../../src/engine/model/host_command.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { importing } from './importing.ts';
import { countSteps } from './counted.ts';
import { machine, MIB, PAGE, type Machine } from './support.ts';
import { cases } from '../support/property.ts';

const GIB = 1024 * MIB;

function imports(made: Machine, devices: readonly ImportedDevice[]): string {
  const decision = made.try(importing(devices));
  return isRefusal(decision) ? `${decision.code}: ${decision.detail}` : 'imported';
}

function listed(at: number, more: Partial<ImportedDevice> = {}): ImportedDevice {
  const phys_addr = `0x${((at + 1) * GIB).toString(16)}`;
  return { name: `dax${String(at)}.0`, mode: 'devdax', size: GIB, change: 'created', phys_addr, ...more };
}

function basesOf({ host }: Machine): number[] {
  return [...host.tables.dax_devices.values()].map(({ base_pfn }) => base_pfn);
}

/** The others that are where a device is told to be. */
function rivalsOf({ host }: Machine, { name, phys_addr, size }: ImportedDevice): DaxDevice[] {
  const base = Number(phys_addr) / PAGE;
  return host.tables.dax_devices.where(
    (other) =>
      other.name !== name &&
      other.state !== 'gone' &&
      other.base_pfn < base + size! / PAGE &&
      base < other.base_pfn + other.size / PAGE,
  );
}

function isWhereTold({ host }: Machine, { name, phys_addr }: ImportedDevice): boolean {
  return host.tables.dax_devices.get(name)!.base_pfn === Number(phys_addr) / PAGE;
}

describe('an import', () => {
  test.each([
    ['of new devices', 'devdax', 'created'],
    ['of new devices of unknown address', 'devdax', 'created'],
    ['of new system RAM', 'system-ram', 'created'],
    ['of known devices that moved', 'devdax', 'updated'],
  ] as const)('%s does not look at all for each', (about, mode, change) => {
    const [few, many] = [40, 160].map((count) => {
      const made = machine('v6.12');
      const unknown = about.includes('unknown') ? { phys_addr: null } : {};
      const devices = Array.from({ length: count }, (_, at) =>
        listed(at, { mode, target_node: 1, ...unknown }),
      );
      const moved = devices.map((_device, at) =>
        listed(2 * count - at, { name: `dax${String(at)}.0`, change }),
      );
      if (change === 'updated') imports(made, devices);
      const steps = countSteps(made.host, () => {
        expect(imports(made, change === 'updated' ? moved : devices)).toBe('imported');
      });
      return steps;
    });
    expect(many! / few!).toBeLessThan(5);
  });

  const unknown = { phys_addr: null };
  const FIRST = 2 ** 40;
  const NAMED = 2 ** 34;
  const BUS = 128 * NAMED;
  const KIND = 256 * BUS;
  const BEHIND = FIRST + 4 * KIND;

  test.each([
    ['dax0.0', FIRST],
    ['dax3.2', FIRST + 3 * BUS + 2 * NAMED],
    ['dax255.127', FIRST + KIND - NAMED],
    ['pmem0', FIRST + KIND],
    ['pmem0.1', FIRST + KIND + NAMED],
    ['namespace1.0', FIRST + 2 * KIND + BUS],
    ['pmem1s', FIRST + 3 * KIND + BUS],
    ['dax256.0', BEHIND],
    ['dax0.128', BEHIND],
    ['pmem1000', BEHIND],
    ['mine', BEHIND],
  ])('places %s of unknown address by its name', (name, base) => {
    const made = machine('v6.12');
    expect(imports(made, [listed(0, { ...unknown, name })])).toBe('imported');
    expect(basesOf(made)).toEqual([base]);
  });

  test('places a device of unknown address, where its name has none, behind all others, gone ones too', () => {
    const made = machine('v6.12');
    const named = (name: string, more: Partial<ImportedDevice> = {}) =>
      listed(0, { ...unknown, name, ...more });
    expect(imports(made, [named('one'), named('two', { size: GIB + PAGE }), listed(2)])).toBe('imported');
    expect(imports(made, [named('two', { change: 'gone' })])).toBe('imported');
    expect(imports(made, [named('three')])).toBe('imported');
    const ARENA = 2 ** 30;
    const pages = GIB / PAGE;
    expect(basesOf(made)).toEqual([BEHIND, BEHIND + ARENA, 3 * pages, BEHIND + 2 * ARENA]);
  });

  test.each([
    ['lies', 0],
    ['begins', NAMED - 1],
    ['ends', 1 - GIB / PAGE],
  ])('places a device elsewhere where another %s in the range that its name has', (_what, at) => {
    const made = machine('v6.12');
    const base = FIRST + BUS;
    const phys_addr = `0x${((base + at) * PAGE).toString(16)}`;
    expect(imports(made, [listed(0, { name: 'pmem7', phys_addr }), listed(1, unknown)])).toBe('imported');
    expect(basesOf(made)).toEqual([base + at, BEHIND]);
  });

  test('places a device elsewhere where one that reaches over the range that its name has is', () => {
    const made = machine('v6.12');
    const size = 3 * NAMED * PAGE;
    expect(imports(made, [listed(0, { ...unknown, size }), listed(0, { ...unknown, name: 'dax0.1' })])).toBe(
      'imported',
    );
    expect(basesOf(made)).toEqual([FIRST, BEHIND]);
  });

  test('places a device that got another name by that', () => {
    const made = machine('v6.12');
    expect(imports(made, [listed(0, { ...unknown, name: 'namespace0.0' })])).toBe('imported');
    const named = { ...unknown, change: 'updated', previous_name: 'namespace0.0' } as const;
    expect(imports(made, [listed(0, named)])).toBe('imported');
    expect(basesOf(made)).toEqual([FIRST]);
  });

  test('puts a device that is listed where another is elsewhere; a new one is refused there, by the oldest', () => {
    const made = machine('v6.12');
    expect(imports(made, [listed(5), listed(4), listed(9), listed(1, { size: 4 * GIB })])).toBe('imported');
    expect(basesOf(made).at(-1)).toBe(FIRST + BUS);
    const create = (at: number, size: number) => {
      const { name: _name, change: _change, ...fields } = listed(at, { size });
      const decision = made.try({ ...fields, type: 'create_dax_device', name: 'dax7.0', size });
      return isRefusal(decision) ? decision.detail : 'created';
    };
    expect(create(3, 3 * GIB)).toBe('the range overlaps dax5.0');
    expect(imports(made, [listed(5, { change: 'gone' })])).toBe('imported');
    expect(create(5, GIB)).toBe('created');
  });

  const anyDevice = fc
    .record({ at: fc.nat(11), begin: fc.nat(24), pages: fc.integer({ min: 1, max: 6 }), gone: fc.boolean() })
    .map(({ at, begin, pages, gone }) =>
      listed(at, {
        size: pages * PAGE,
        phys_addr: `0x${((begin + 1) * PAGE).toString(16)}`,
        change: gone ? 'gone' : 'updated',
        align: PAGE,
      }),
    );

  test('lets no two devices that are there overlap, and moves none that does not', () => {
    fc.assert(
      fc.property(fc.array(anyDevice, { maxLength: 40 }), (devices) => {
        const made = machine('v6.12');
        for (const device of devices) {
          const isFree = rivalsOf(made, device).length === 0;
          expect(imports(made, [device])).toBe('imported');
          if (device.change !== 'gone') expect(isWhereTold(made, device)).toBe(isFree);
        }
      }),
      cases(),
    );
  });

  const listing = fc.uniqueArray(anyDevice, { maxLength: 12, selector: ({ name }) => name });

  test('leaves out the address of a device only where another one is once all are taken', () => {
    fc.assert(
      fc.property(fc.array(listing, { minLength: 1, maxLength: 4 }), (listings) => {
        const made = machine('v6.12');
        for (const devices of listings) {
          expect(imports(made, devices)).toBe('imported');
          for (const device of devices.filter(({ change }) => change !== 'gone'))
            expect(isWhereTold(made, device)).toBe(rivalsOf(made, device).length === 0);
        }
      }),
      cases(),
    );
  });
});
