import { describe, expect, test } from 'vitest';
import { hostAfter, importedInto, printed, type PlayedHost } from './support/played.ts';

const GIB = 2 ** 30;
const START = 64 * GIB;
const dax = (size: number, more: object = {}) => ({
  chardev: 'dax0.0',
  size,
  target_node: 1,
  align: 2 ** 21,
  mode: 'devdax',
  ...more,
});
const at = (size: number, start = START) => ({
  mappings: [{ page_offset: 0, start, end: start + size - 1, size }],
});
const text = (device: object) => JSON.stringify([device]);
const RAM = { mode: 'system-ram', movable: true };
const counted = (blocks: number) => ({ ...RAM, online_memblocks: blocks, total_memblocks: blocks });

function deviceIn({ made }: PlayedHost) {
  return [...made.host.tables.dax_devices.values()][0]!;
}

describe('[IMP22] a device of another size, whose address is not told with it', () => {
  const SMALL = text(dax(8 * GIB, at(8 * GIB)));

  test.each([16 * GIB, 4 * GIB])('has none, and no extent that nobody told: %i', (size) => {
    const host = hostAfter(SMALL, text(dax(size)));
    expect(deviceIn(host)).toMatchObject({ size, phys_addr: null });
    expect(deviceIn(host).base_pfn).toBe(deviceIn(hostAfter(text(dax(size)))).base_pfn);
    expect(printed(host, 'daxctl')).not.toContain('mappings');
  });

  test('[IMP71] nor has it where the other size is rounded, but it has where it is the same', () => {
    const rounded = (size: string) => text({ ...dax(0), size });
    const other = hostAfter(SMALL, rounded('16.00 GiB (17.18 GB)'));
    expect(deviceIn(other)).toMatchObject({ size: 16 * GIB, phys_addr: null });
    expect(printed(other, 'daxctl')).not.toContain('mappings');
    const same = hostAfter(SMALL, rounded('8.00 GiB (8.59 GB)'));
    expect(deviceIn(same)).toMatchObject({ size: 8 * GIB, phys_addr: '0x1000000000' });
  });

  test('has it again where that is told', () => {
    const moved = text(dax(16 * GIB, at(16 * GIB, 2 * START)));
    expect(deviceIn(hostAfter(SMALL, text(dax(16 * GIB)), moved)).phys_addr).toBe('0x2000000000');
    expect(deviceIn(hostAfter(SMALL, moved)).phys_addr).toBe('0x2000000000');
  });

  test('of the same size keeps it', () => {
    expect(deviceIn(hostAfter(SMALL, text(dax(8 * GIB)))).phys_addr).toBe('0x1000000000');
  });

  test('lies where it does while it is in use, and says no address', () => {
    const host = hostAfter(SMALL);
    host.made.run({ type: 'remove_dax_device', dax_device: 'dax0.0', trigger: 'unbind' });
    const { base_pfn } = deviceIn(host);
    const after = importedInto(host, text(dax(16 * GIB))).host;
    expect(deviceIn(after)).toMatchObject({ size: 16 * GIB, phys_addr: null, base_pfn });
  });

  test.each([
    ['where its address was told', at(8 * GIB)],
    ['where it never was', {}],
  ])('has not the memory of the former, %s', (_where, told) => {
    const host = hostAfter(text(dax(8 * GIB, { ...counted(4), ...told })), text(dax(16 * GIB, RAM)));
    const [range] = host.made.host.tables.memory_ranges.values();
    expect(range).toMatchObject({ nr_pages: (16 * GIB) / 4096, base_pfn: deviceIn(host).base_pfn });
    expect(printed(host, 'daxctl')).not.toContain('memblocks');
  });

  test('has the memory that was counted with it', () => {
    const host = hostAfter(text(dax(8 * GIB, counted(4))), text(dax(16 * GIB, counted(8))));
    expect(printed(host, 'daxctl')).toMatch(/"total_memblocks": ?8/);
  });
});
