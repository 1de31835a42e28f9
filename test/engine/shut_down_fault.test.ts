import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES, PMD_PAGES } from '../../src/engine/model/vocabulary.ts';
import { SIGBUS, touch } from './observe.ts';
import { ext4, rmapbt, xfs, type Rig } from './rig.ts';
import { MIB } from './support.ts';

/** The file system is shut down by the administrator; its device lives. */
function shutDown({ made, mount }: Rig): void {
  made.run({ type: 'shutdown_mount', mount });
}

/** What each fault of an allocated page meets, each in a process of its own. */
function faults(rig: Rig): Record<string, string> {
  const untouched = rig.mapper({ touched: 'none', length: 4 * MIB });
  const reader = rig.mapper({ touched: 'none', length: 4 * MIB, flags: ['private'] });
  const copier = rig.mapper({ touched: 'none', length: 4 * MIB, flags: ['private'] });
  const storer = rig.mapper({ touched: 'none', length: 4 * MIB });
  const writer = rig.mapper({ touched: 'write' });
  shutDown(rig);
  const beyond = { page: PMD_PAGES };
  return {
    read: touch(rig.made, untouched, 'read', beyond),
    'private read': touch(rig.made, reader, 'read', beyond),
    'private store': touch(rig.made, copier, 'write', beyond),
    'shared store': touch(rig.made, storer, 'write', beyond),
    'store to a writable entry': touch(rig.made, writer, 'write'),
  };
}

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test('[S35] ext4 that was shut down by ioctl refuses the first shared store alone', () => {
    expect(faults(ext4(kernel))).toEqual({
      read: 'ok',
      'private read': 'ok',
      'private store': 'ok',
      'shared store': SIGBUS,
      'store to a writable entry': 'ok',
    });
  });

  test.each([
    ['without rmapbt', xfs],
    ['with it', rmapbt],
  ] as const)('[S35] xfs, %s, refuses every fault and serves what is mapped', (_, made) => {
    expect(faults(made(kernel))).toEqual({
      read: SIGBUS,
      'private read': SIGBUS,
      'private store': SIGBUS,
      'shared store': SIGBUS,
      'store to a writable entry': 'ok',
    });
  });

  test('[S35] ext4 keeps the entry of a page that is only read when a store to it is refused', () => {
    const rig = ext4(kernel);
    const one = rig.mapper();
    shutDown(rig);
    expect((['read', 'write', 'read'] as const).map((kind) => touch(rig.made, one, kind))).toEqual([
      'ok',
      SIGBUS,
      'ok',
    ]);
  });
});
