import { expect, test } from 'vitest';
import type { CreateHost } from '../../src/engine/model/host_command.ts';
import { told } from './observe.ts';
import { ext4, mounted, type Rig } from './rig.ts';
import {
  access,
  accessCommand,
  addMapper,
  DEVICE,
  MIB,
  outcomeOf,
  removeDevice,
  UMEM,
  type Machine,
  type Mapper,
} from './support.ts';

/** An ext4 of v7.3 whose device holds a whole memory block. */
function roomy(): Rig {
  return mounted('v7.3', { device: { size: 256 * MIB } });
}

function rebind(
  { made }: Rig,
  mode: 'devdax' | 'raw' | 'system-ram',
  online?: CreateHost['auto_online_blocks'],
) {
  removeDevice(made);
  if (online !== undefined) made.run({ type: 'patch_host', auto_online_blocks: online });
  made.run({ type: 'bind', dax_device: DEVICE, mode, tenant: 'b' });
}

function exits(made: Machine, { pid }: Mapper): string {
  return told(outcomeOf(made.run({ type: 'exit_process', pid })));
}

test('[ST1] a raw namespace has no struct pages: old entries are met as they were before the bind', () => {
  const rig = roomy();
  const [looked, pins] = [rig.mapper(), rig.mapper()];
  rebind(rig, 'raw');
  expect(told(access(rig.made, looked.mapping, 'smaps'))).toBe('oops smaps_pte_range (caller)');
  expect(told(access(rig.made, pins.mapping, 'vmsplice'))).toMatch(/^oops try_grab_folio_fast/);
});

test.each([
  ['v5.10', 'EFAULT'],
  ['v6.12', 'EOPNOTSUPP'],
] as const)(
  '[R134] %s: io_uring sees the file that is mapped, not the devdax that has its pages now',
  (kernel, errno) => {
    const rig = mounted(kernel);
    const { mapping } = rig.mapper();
    rebind(rig, 'devdax');
    expect(told(access(rig.made, mapping, 'io_uring_register'))).toBe(errno);
  },
);

test('[R160] what the next owner of a devdax pins is no anonymous memory: the old process just exits', () => {
  const rig = roomy();
  const old = rig.mapper();
  rebind(rig, 'devdax');
  const next = addMapper(rig.made, { dax_device: DEVICE, length: 64 * MIB, touched: 'write' });
  rig.made.run({ type: 'create_pin', ...next, offset: 0, length: 64 * MIB, ...UMEM });
  expect(exits(rig.made, old)).toBe('ok');
});

test('[ST2] entries by PTE ahead of one by PMD do not save the exit from its oops', () => {
  const rig = roomy();
  rig.mapper({ small: true });
  const old = rig.mapper({ length: 4 * MIB, touched: 'none' });
  access(rig.made, old.mapping, 'read', { pages: 1024 });
  rebind(rig, 'system-ram', 'online_movable');
  addMapper(rig.made, { dax_device: DEVICE, flags: ['private'], length: 200 * MIB, touched: 'write' });
  expect(exits(rig.made, old)).toBe('oops pgtable_trans_huge_withdraw');
});

test.each([
  ['PTE', true, { page: 512 }, { pages: 512 }, 'oops __zap_vma_range'],
  ['PMD', false, { page: 512, pages: 512 }, { page: 511 }, 'oops vm_normal_folio_pmd'],
] as const)(
  '[ST2] MADV_DONTNEED meets the entries of its range alone, by %s',
  (_level, small, beside, over, oops) => {
    const { made, mapper } = ext4('v7.3');
    const { mapping } = mapper({ small, length: 4 * MIB, touched: 'none' });
    access(made, mapping, 'write');
    removeDevice(made);
    expect(told(access(made, mapping, 'madvise_dontneed', beside))).toBe('ok');
    expect(told(access(made, mapping, 'madvise_dontneed', over))).toBe(oops);
  },
);

test('[ST1] system RAM made of the pfns and taken away again leaves no struct pages', () => {
  const rig = roomy();
  const { mapping } = rig.mapper();
  rebind(rig, 'system-ram', 'offline');
  expect(rig.made.try(accessCommand(mapping, 'vmsplice'))).toMatchObject({ code: 'outcome_unknown' });
  removeDevice(rig.made);
  expect(told(access(rig.made, mapping, 'vmsplice'))).toMatch(/^oops try_grab_folio_fast/);
});

test('[C4] who may not write does not store: no hazard names it', () => {
  const { made, mapper } = ext4('v7.3');
  mapper({ flags: ['private'], prot: 'r' });
  const { hazards } = removeDevice(made);
  expect(hazards.map(({ kind }) => kind)).toContain('kernel_oops');
  expect(hazards.flatMap(({ triggered_by }) => triggered_by)).not.toContain('store');
});
