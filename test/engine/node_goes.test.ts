import { expect, test } from 'vitest';
import { addDevice, found, machine, MIB } from './support.ts';

test('a node goes with its last memory, whatever other nodes have', () => {
  const made = machine('v6.12', 0, { auto_online_blocks: 'offline' });
  for (const [at, target_node] of [2, 1, 2].entries())
    addDevice(made, {
      name: `dax${String(at)}.0`,
      mode: 'system-ram',
      provider: 'hmem',
      size: 256 * MIB,
      phys_addr: `0x${(2 ** 36 + at * 256 * MIB).toString(16)}`,
      target_node,
    });
  const nodes = (): string[] => Object.keys(found(made.host.tables.hosts.get('h')).counters.memory_failure);
  const gone = (name: string): void => {
    const listed = { name, mode: 'system-ram', size: 256 * MIB, change: 'gone' } as const;
    made.run({ type: 'import_inventory', imported: '', record: {}, devices: [listed] });
  };
  expect(nodes()).toEqual(expect.arrayContaining(['node1', 'node2']));
  gone('dax0.0');
  expect(nodes()).toEqual(expect.arrayContaining(['node1', 'node2']));
  gone('dax2.0');
  expect(nodes()).toContain('node1');
  expect(nodes()).not.toContain('node2');
});
