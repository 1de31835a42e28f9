import { expect, test } from 'vitest';
import { addDevice, addFile, addMount, addProcess, machine, MIB } from './support.ts';

/**
 * One process maps the first 2 MiB by PMD, another these and the next 2 MiB by PTEs: the PMD goes for both at
 * the first index, the PTEs behind it page by page (E1).
 */
test('[R66] a sweep goes on where entries outlast the 2 MiB that were unmapped', () => {
  const host = machine('v6.12');
  addDevice(host);
  const mount = addMount(host, { fs_type: 'xfs', rmapbt: true });
  const file = addFile(host, mount.id, 'a', 4 * MIB);
  const shared = { offset: 0, length: 4 * MIB, flags: ['shared'], prot: 'rw', file } as const;
  const [first, second] = [addProcess(host, { pid: 10 }), addProcess(host, { pid: 11 })];
  host.run({ type: 'create_mapping', pid: first, ...shared });
  host.run({ type: 'create_mapping', pid: second, ...shared, page_size: 4096 });
  const [byPmd, byPte] = [...host.host.tables.mappings.values()].map(({ id }) => id);
  host.run({ type: 'access', mapping: byPmd!, offset: 0, length: 2 * MIB, kind: 'read' });
  host.run({ type: 'access', mapping: byPte!, offset: 0, length: 4 * MIB, kind: 'read' });
  let removal = host.run({ type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' });
  while (removal.state === 'running') {
    removal = host.run({ type: 'advance_removal', removal: removal.id });
  }
  expect(removal.report.signals.map(({ pid, si_addr_lsb, count }) => [pid, si_addr_lsb, count])).toEqual([
    [10, 21, 1],
    [11, 12, 513],
  ]);
  expect(removal.report.pages).toMatchObject({ mapped: 1024, unmapped: 1024, still_mapped: 0 });
});
