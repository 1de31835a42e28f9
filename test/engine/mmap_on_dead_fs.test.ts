import { describe, expect, test } from 'vitest';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { answered, SIGBUS, told, touch } from './observe.ts';
import { ext4, rmapbt, xfs, type Rig } from './rig.ts';
import { addProcess, fileIo, found, type Mapper, MIB, removeDevice, returned } from './support.ts';

/** The removal itself shuts the file system down. */
const SHUT_BY_REMOVAL: readonly KernelName[] = ['v6.12', 'v7.3'];
const MAP = { type: 'create_mapping', offset: 0, length: 2 * MIB, prot: 'rw' } as const;

/** A process with a descriptor of the file and no mapping. */
function opened({ made, file }: Rig): { readonly pid: number; readonly open_file: string } {
  const pid = addProcess(made);
  made.run({ type: 'open_file', pid, file: file(), flags: ['rdwr'] });
  return { pid, open_file: found([...made.host.tables.open_files.keys()].at(-1)) };
}

/** What the call is answered, or the first accesses of what it maps. */
function mapped({ made }: Rig, at: object, flags: readonly ('shared' | 'sync')[] = ['shared']): string {
  const decision = made.try({ ...MAP, ...at, flags } as Parameters<typeof made.try<'create_mapping'>>[0]);
  if (isRefusal(decision)) return decision.errno ?? decision.code;
  const { pid, id } = returned(decision.answer);
  const mapper: Mapper = { pid, mapping: id };
  return `${touch(made, mapper, 'read')} / ${touch(made, mapper, 'write')} / ${touch(made, mapper, 'msync')}`;
}

function newlyOpened(rig: Rig): string {
  const file = rig.file();
  const ways = [mapped(rig, { pid: addProcess(rig.made), file })];
  const open = { type: 'open_file', pid: addProcess(rig.made), file, flags: ['rdwr'] } as const;
  return [...ways, answered(rig.made, open)].join('; ');
}

describe.each(KERNEL_NAMES)('%s', (kernel) => {
  test('[S33] ext4 that was shut down by ioctl: EIO, by a descriptor and anew', () => {
    const rig = ext4(kernel);
    const at = opened(rig);
    rig.made.run({ type: 'shutdown_mount', mount: rig.mount });
    expect([mapped(rig, at), mapped(rig, at, ['shared', 'sync']), newlyOpened(rig)]).toEqual([
      'EIO',
      'EIO',
      'EIO; EIO',
    ]);
  });

  test('[S33] ext4 whose device is gone: EIO where the removal shut it down, else mapped in vain', () => {
    const rig = ext4(kernel);
    const at = opened(rig);
    removeDevice(rig.made);
    const isShut = SHUT_BY_REMOVAL.includes(kernel);
    const vain = `${SIGBUS} / ${SIGBUS} / EIO`;
    expect(mapped(rig, at)).toBe(isShut ? 'EIO' : vain);
    if (isShut) expect(newlyOpened(rig)).toBe('EIO; EIO');
  });

  test.each([
    ['without rmapbt', xfs],
    ['with it', rmapbt],
  ] as const)('[S34] xfs, %s, that was shut down: mapped in vain by a descriptor, EIO anew', (_, make) => {
    const rig = make(kernel);
    const at = opened(rig);
    rig.made.run({ type: 'shutdown_mount', mount: rig.mount });
    expect(mapped(rig, at)).toBe(`${SIGBUS} / ${SIGBUS} / EIO`);
    expect(mapped(rig, at, ['shared', 'sync'])).toBe(`${SIGBUS} / ${SIGBUS} / EIO`);
    expect(newlyOpened(rig)).toBe('EIO; EIO');
  });

  test('[S34] xfs whose device is gone: mapped in vain by a descriptor', () => {
    const rig = xfs(kernel);
    const at = opened(rig);
    removeDevice(rig.made);
    expect(mapped(rig, at).split(' / ').slice(0, 2)).toEqual([SIGBUS, SIGBUS]);
  });

  test('[S55] xfs that nothing has shut down yet is opened, and pwrite meets the device', () => {
    const rig = xfs(kernel);
    const file = rig.file();
    removeDevice(rig.made);
    const pid = addProcess(rig.made);
    if (SHUT_BY_REMOVAL.includes(kernel)) {
      expect([newlyOpened(rig), told(fileIo(rig.made, pid, file, 'pwrite'))]).toEqual(['EIO; EIO', 'EIO']);
      return;
    }
    expect(told(fileIo(rig.made, pid, file, 'pwrite'))).toBe('ENXIO');
    expect(answered(rig.made, { type: 'open_file', pid, file, flags: ['rdwr'] })).toBe('ok');
    expect(mapped(rig, { pid, file }).split(' / ').slice(0, 2)).toEqual([SIGBUS, SIGBUS]);
  });
});
