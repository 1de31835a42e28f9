import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { answered, OLD, told, touch } from './observe.ts';
import { ext4, type Rig } from './rig.ts';
import {
  access,
  accessCommand,
  addProcess,
  outcomeOf,
  pinCommand,
  PIPE,
  processOf,
  removeDevice,
  returned,
  type Mapper,
} from './support.ts';

interface Looked extends Rig {
  readonly one: Mapper;
}

/** A process whose stale PMD another has looked at, and died. */
function looked(kernel: KernelName, by: 'told' | 'untold' = 'told'): Looked {
  const rig = ext4(kernel);
  const one = rig.mapper({ touched: 'write' });
  removeDevice(rig.made);
  const caller = by === 'told' ? { by_pid: addProcess(rig.made) } : {};
  const look = accessCommand(one.mapping, 'pagemap');
  const { kernel_oopses } = outcomeOf(rig.made.run({ ...look, ...caller }));
  expect(kernel_oopses).toHaveLength(1);
  return { ...rig, one };
}

const KERNELS = ['v5.10', 'v6.1', 'v6.12', 'v7.3'] as const;

describe.each(KERNELS)('[LK5] %s: a process whose memory a dead task has locked', (kernel) => {
  test.each(['told', 'untold'] as const)('reads and stores to what is mapped, the caller %s', (by) => {
    const { made, one } = looked(kernel, by);
    expect(processOf(made, one.pid)).toMatchObject({ state: 'running', mm_locked: true });
    expect([touch(made, one, 'read'), told(access(made, one.mapping, 'copy_out'))]).toEqual([OLD, OLD]);
  });

  const meets: readonly [about: string, command: (rig: Looked) => Command][] = [
    ['its exit', ({ one }) => ({ type: 'exit_process', pid: one.pid })],
    ['munmap', ({ one }) => ({ type: 'munmap', mapping: one.mapping })],
    ['fork', ({ one }) => ({ type: 'create_process', comm: 'child', parent_pid: one.pid })],
    ['gup', ({ one }) => accessCommand(one.mapping, 'vmsplice')],
    ['a pin', ({ one }) => pinCommand(one, PIPE)],
    ['another look', ({ one }) => accessCommand(one.mapping, 'smaps')],
    ['MADV_DONTNEED', ({ one }) => accessCommand(one.mapping, 'madvise_dontneed')],
    [
      'mmap',
      ({ one, file }) => {
        const shape = { offset: 0, length: 4096, flags: ['shared'], prot: 'r' } as const;
        return { type: 'create_mapping', pid: one.pid, file: file(), ...shape };
      },
    ],
  ];
  test.each(meets)('%s is refused', (_, command) => {
    const rig = looked(kernel);
    expect(answered(rig.made, command(rig))).toBe('outcome_unknown');
    rig.made.run({ type: 'reboot' });
    expect(rig.made.host.tables.processes.size).toBe(0);
  });

  test('closes a descriptor, but for the one of which the eviction would kill it', () => {
    const rig = ext4(kernel);
    const { made } = rig;
    const one = rig.mapper({ touched: 'write' });
    const open = (file: string): string =>
      returned(made.run({ type: 'open_file', pid: one.pid, file, flags: ['rdwr'] })).id;
    made.run({ type: 'exit_process', pid: rig.mapper({ touched: 'write' }, '/doomed').pid });
    const [harmless, doomed] = [rig.file('/harmless'), rig.file('/doomed')].map(open);
    for (const path of ['/harmless', '/doomed']) made.run({ type: 'unlink', file: rig.file(path) });
    removeDevice(made);
    access(made, one.mapping, 'pagemap');
    expect(made.run({ type: 'close_file', open_file: harmless! })).toMatchObject({ result: 'ok' });
    expect(answered(made, { type: 'close_file', open_file: doomed! })).toBe('outcome_unknown');
  });

  test('a fault, which is a wait too', () => {
    const rig = ext4(kernel);
    const one = rig.mapper({ touched: 'none', length: 4 * 2 ** 20 });
    access(rig.made, one.mapping, 'read', { pages: 512 });
    removeDevice(rig.made);
    access(rig.made, one.mapping, 'pagemap');
    expect(answered(rig.made, accessCommand(one.mapping, 'read', { page: 600 }))).toBe('outcome_unknown');
  });
});

test('[LK5] who only spun has locked nothing', () => {
  const { made, mapper } = ext4('v6.12');
  const one = mapper({ small: true });
  removeDevice(made);
  access(made, one.mapping, 'ptrace');
  expect(processOf(made, one.pid).mm_locked).toBe(false);
});
