import { describe, expect, test } from 'vitest';
import type { BatchedCommand } from '../../src/engine/model/batch_command.ts';
import { KERNEL_NAMES } from '../../src/engine/model/vocabulary.ts';
import { addDevice, machine, MIB, PAGE, type Machine } from './support.ts';

const MAP = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;
const PIN = { offset: 0, length: PAGE, kind: 'transient', holder: 'direct_io' } as const;
/** Ids are given in order: file system s1, mount m2, file f3, descriptor o4, mappings from v5 on. */
const ITEMS: readonly BatchedCommand[] = [
  { type: 'create_dax_device', name: 'pmem1', mode: 'fsdax', size: 64 * MIB },
  { type: 'create_mount', dax_device: 'pmem0', path: '/mnt', fs_type: 'ext4', dax: 'always', mkfs: true },
  { type: 'create_file', mount: 'm2', path: '/file', size: 4 * MIB },
  { type: 'create_process', pid: 7, comm: 'redis' },
  { type: 'open_file', pid: 7, file: 'f3', flags: ['rdwr'] },
  { type: 'create_mapping', pid: 7, file: 'f3', ...MAP, populate: 'write' },
  { type: 'create_process', pid: 8, comm: 'fork', parent_pid: 7 },
  { type: 'create_pin', pid: 7, mapping: 'v5', ...PIN },
];

function twins(): readonly [Machine, Machine] {
  const [one, other] = [machine('v6.12'), machine('v6.12')];
  for (const made of [one, other]) addDevice(made);
  return [one, other];
}

describe.each(KERNEL_NAMES)('[BATCH1] on %s', (kernel) => {
  test('a batch has the events, and the answers, of its items one after another', () => {
    const [together, alone] = [machine(kernel), machine(kernel)];
    for (const made of [together, alone]) addDevice(made);
    const { items } = together.run({ type: 'batch', items: ITEMS });
    expect(items).toEqual(ITEMS.map((item) => alone.run(item)));
    expect(together.events).toEqual(alone.events);
    expect(together.host).toEqual(alone.host);
  });
});

test('[BATCH1] the first item that is refused refuses all, and its pointer leads to it', () => {
  const [made, untouched] = twins();
  const again: BatchedCommand = { type: 'create_process', pid: 7, comm: 'again' };
  const refused = made.try({ type: 'batch', items: [...ITEMS, again, again] });
  expect(refused).toMatchObject({ code: 'process_exists', pointer: '/items/8/pid' });
  expect(made.host).toEqual(untouched.host);
});

test('[BATCH1] a refusal that names no field points to its item', () => {
  const [made] = twins();
  const mount = { dax_device: 'pmem0', fs_type: 'ext4', dax: 'always' } as const;
  const first = { ...mount, type: 'create_mount', path: '/a', mkfs: true } as const;
  const refused = made.try({ type: 'batch', items: [first, { ...first, path: '/b' }] });
  expect(refused).toMatchObject({ refused: true, pointer: '/items/1' });
});
