import { describe, expect, test } from 'vitest';
import type { Hazard } from '../../src/engine/model/removal.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import { cxl, GONE } from './cxl_rig.ts';
import { advice, assess, inAnyCase } from './imagine.ts';
import { DAX, devdax, ext4, rigOn, rmapbt, xfs, type Rig } from './rig.ts';
import {
  access,
  addDevice,
  addMount,
  addProcess,
  DEVICE,
  emptyMachine,
  found,
  PAGE,
  processOf,
  removeDevice,
  settle,
} from './support.ts';

const OLD = ['v5.10', 'force-unmap', 'force-unmap-v5.10', 'force-unmap-v5.12', 'v6.1', 'v6.12'] as const;
const RECORDED: ReadonlySet<KernelName> = new Set(['v6.1', 'v6.12']);
const sure = (kernel: KernelName) =>
  RECORDED.has(kernel) ? 'recorded on this kernel' : 'by the source, not recorded';

const isCleanUp = ({ kind }: Hazard) => kind === 'unsafe_clean_up';
const details = ({ hazards }: { readonly hazards: readonly Hazard[] }) =>
  hazards.filter(isCleanUp).map(({ detail }) => detail);

/** A process that has a file open which was mapped, touched, and is not mapped any more. */
function opener(rig: Rig): number {
  const { pid, mapping } = rig.mapper({ touched: 'write' });
  rig.made.run({ type: 'open_file', pid, file: rig.file(), flags: ['rdwr'] });
  rig.made.run({ type: 'munmap', mapping });
  return pid;
}

describe('[CLEAN1] [CLEAN2] the hazard names the first call that fails, and the order that does not', () => {
  test.each(OLD)('umount oopses; bound again first it does not: %s', (kernel) => {
    for (const rig of [ext4(kernel), xfs(kernel)]) {
      const pid = String(rig.mapper({ touched: 'write' }).pid);
      const removal = removeDevice(rig.made);
      const [hazard] = removal.hazards.filter(isCleanUp);
      expect(hazard?.detail).toBe(
        `end process ${pid}, umount /mnt/a: the kernel oopses in dax_disassociate_entry; ` +
          `safe (${sure(kernel)}): bind pmem0, end process ${pid}, umount /mnt/a`,
      );
      expect(hazard).toMatchObject({ triggered_by: ['umount'], pid: null, writable: false });
      expect(hazard?.source).toBe('S1; S7, S11');
    }
  });

  test('on v7.3 the exit oopses and keeps the mount busy, and bound again umount never returns', () => {
    const rig = ext4('v7.3');
    const pid = String(rig.mapper().pid);
    const removal = removeDevice(rig.made);
    expect(details(removal)).toEqual([
      `end process ${pid}: the kernel oopses in vm_normal_folio_pmd, umount /mnt/a: EBUSY until a reboot; ` +
        `no order that was tried is safe; tried: bind pmem0, end process ${pid}, umount /mnt/a: does not return from dax_break_layout_final`,
    ]);
    expect(removal.hazards.find(isCleanUp)?.triggered_by).toEqual(['exit']);
  });

  test('on v7.3 with stale PTEs whether a bind helps is not known', () => {
    const rig = ext4('v7.3');
    rig.mapper({ touched: 'write', small: true });
    expect(details(removeDevice(rig.made))[0]).toMatch(
      /oopses in __zap_vma_range, .*; whether another order is safe is not known; tried: bind pmem0, .*not known \(/,
    );
  });

  test('on v7.3 an end before the bind is safe where nothing is mapped', () => {
    const rig = ext4('v7.3');
    const pid = String(opener(rig));
    expect(details(removeDevice(rig.made))).toEqual([
      `end process ${pid}, umount /mnt/a: the kernel oopses in dax_layout_busy_page_range; ` +
        `safe (by the source, not recorded): bind pmem0, end process ${pid}, umount /mnt/a`,
    ]);
  });

  test.each(OLD)('the last user of a detached or unlinked file: %s', (kernel) => {
    const detached = ext4(kernel);
    const user = String(opener(detached));
    detached.made.run({ type: 'umount', mount: detached.mount, lazy: true });
    const oopses = 'the kernel oopses in dax_disassociate_entry';
    expect(details(removeDevice(detached.made))).toEqual([
      `end process ${user}: ${oopses}; safe (${sure(kernel)}): bind pmem0, end process ${user}`,
    ]);
    const unlinked = ext4(kernel);
    const other = String(opener(unlinked));
    unlinked.made.run({ type: 'unlink', file: unlinked.file() });
    expect(details(removeDevice(unlinked.made))).toEqual([
      `end process ${other}: ${oopses}, umount /mnt/a: EBUSY until a reboot; ` +
        `safe (by the source, not recorded): bind pmem0, end process ${other}, umount /mnt/a`,
    ]);
  });

  test('a detached one on v7.3: the exit oopses before, and never returns after a bind', () => {
    const rig = ext4('v7.3');
    const pid = String(rig.mapper().pid);
    rig.made.run({ type: 'umount', mount: rig.mount, lazy: true });
    expect(details(removeDevice(rig.made))).toEqual([
      `end process ${pid}: the kernel oopses in vm_normal_folio_pmd; no order that was tried is safe; tried: ` +
        `bind pmem0, end process ${pid}: does not return from dax_break_layout_final`,
    ]);
  });

  test('nobody uses it any more: umount alone', () => {
    const rig = ext4('v6.12');
    const pid = opener(rig);
    removeDevice(rig.made);
    rig.made.run({ type: 'exit_process', pid });
    expect(assess(rig.made)[0]).toMatchObject({
      state: 'completed',
      verdict: 'contained',
      hazards: [{ kind: 'unsafe_clean_up', count: 1 }],
      refused: { code: 'dax_device_not_bound' },
    });
  });

  test('the last of two mounts of a superblock', () => {
    const rig = ext4('v6.12');
    addMount(rig.made, { path: '/mnt/b', mkfs: false });
    const pid = String(opener(rig));
    expect(details(removeDevice(rig.made))).toEqual([
      `end process ${pid}, umount /mnt/a, umount /mnt/b: the kernel oopses in dax_disassociate_entry; ` +
        `safe (recorded on this kernel): bind pmem0, end process ${pid}, umount /mnt/a, umount /mnt/b`,
    ]);
  });

  test('a medium that is gone is put back first', () => {
    const rig = ext4('v6.12');
    const pid = String(opener(rig));
    expect(details(removeDevice(rig.made, { trigger: 'surprise_removal' }))[0]).toMatch(
      `; safe (by the source, not recorded): put the medium of pmem0 back, bind pmem0, end process ${pid}, umount /mnt/a`,
    );
  });

  test.each([
    ['unbind', 'bind pmem1: does not return from device_lock: the removal holds it'],
    ['surprise_removal', 'put the medium of pmem1 back: pmem1 is being removed'],
  ] as const)('where no grace period ends nothing returns: %s', (trigger, other) => {
    const rig = ext4('v7.3');
    const { mapping } = rig.mapper({ small: true });
    removeDevice(rig.made);
    rig.made.run({ type: 'access', mapping, offset: 0, length: PAGE, kind: 'write' });
    addDevice(rig.made, { name: 'pmem1' });
    addMount(rig.made, { dax_device: 'pmem1', path: '/mnt/b' });
    expect(assess(rig.made)[1]?.advice.map(({ action }) => action)).toContain('reboot');
    const removal = removeDevice(rig.made, { dax_device: 'pmem1', trigger });
    expect(removal.hazards.find(isCleanUp)?.source).toBe('S32; S7, S10, S11');
    expect(details(removal)).toEqual([
      `umount /mnt/b: does not return from synchronize_rcu_expedited; no order that was tried is safe; tried: ${other}`,
    ]);
  });
});

test.each(KERNEL_NAMES)(
  '[CLEAN1] [S20] the last close of a deleted node that was bound over: %s',
  (kernel) => {
    const { made, mapper } = devdax(kernel);
    const pid = String(mapper({ touched: 'write' }).pid);
    removeDevice(made, { dax_device: DAX, via: 'device_dax' });
    made.run({ type: 'bind', dax_device: DAX });
    expect(details(removeDevice(made, { dax_device: DAX, via: 'dax_pmem' }))[0]).toMatch(
      new RegExp(
        `^end process ${pid}: the kernel oopses in __list_del_entry_valid.*no order that was tried is safe`,
      ),
    );
    expect(advice(made)).toMatchObject([{ action: 'reboot' }]);
  },
);

test('[CLEAN2] a range that decodes to nothing is not bound again', () => {
  const made = cxl('v6.12', { name: DEVICE, mode: 'fsdax' });
  const rig = rigOn(made, addMount(made).id);
  opener(rig);
  made.run(GONE);
  expect(details(settle(made))[0]).toMatch(
    /no order that was tried is safe; tried: bind pmem0: ENXIO; end process/,
  );
});

test('[CLEAN1] a task that is stuck in the kernel is not ended, one that spins is', () => {
  const rig = ext4('v7.3');
  const [dead, open] = [rig.mapper().pid, addProcess(rig.made)];
  rig.made.run({ type: 'open_file', pid: open, file: rig.file(), flags: ['rdwr'] });
  removeDevice(rig.made);
  rig.made.run({ type: 'exit_process', pid: dead });
  expect(found(assess(rig.made)[0]).hazards.map(({ kind }) => kind)).not.toContain('unsafe_clean_up');
  const spins = ext4('v6.12');
  const { pid, mapping } = spins.mapper({ small: true });
  removeDevice(spins.made);
  access(spins.made, mapping, 'vmsplice');
  expect(processOf(spins.made, pid).state).toBe('livelocked');
  expect(found(assess(spins.made)[0]).hazards.map(({ kind }) => kind)).toContain('unsafe_clean_up');
});

describe('[CLEAN3] nothing is said where the clean-up is harmless', () => {
  test.each(OLD)('never touched, idle, or nothing mounted: %s', (kernel) => {
    const rig = ext4(kernel);
    rig.mapper({ touched: 'none' });
    const idle = rig.mapper({ touched: 'write' }, '/b');
    rig.made.run({ type: 'exit_process', pid: idle.pid });
    expect(details(removeDevice(rig.made))).toEqual([]);
    const { made, mapper } = devdax(kernel);
    mapper({ touched: 'write' });
    expect(details(removeDevice(made, { dax_device: 'dax0.0' }))).toEqual([]);
  });

  test.each(['v6.12', 'v7.3'] as const)('the walk of xfs has dropped the entries: %s', (kernel) => {
    const rig = rmapbt(kernel);
    rig.mapper({ touched: 'write' });
    expect(details(removeDevice(rig.made))).toEqual([]);
  });
});

test('[CLEAN4] the hazard moves no verdict', () => {
  const rig = ext4('v6.12');
  opener(rig);
  const removal = removeDevice(rig.made);
  expect([removal.verdict, removal.hazards.map(({ kind }) => kind)]).toEqual([
    'contained',
    ['unsafe_clean_up'],
  ]);
});

test('[CLEAN5] used by too many it is not tried, and the eviction alone is told', () => {
  const rig = ext4('v6.12');
  for (let at = 0; at < 101; at += 1) opener(rig);
  const [detail] = details(removeDevice(rig.made));
  expect(detail).toBe(
    'who evicts its inodes, by umount or as their last user: the kernel oopses in dax_disassociate_entry; too much uses it for any order to be tried',
  );
  const untouched = ext4('v6.12');
  for (let at = 0; at < 101; at += 1) untouched.mapper({ touched: 'none' });
  expect(details(removeDevice(untouched.made))).toEqual([]);
});

test('[CLEAN5] nor where many use much: the work is bounded, not the one or the other alone', () => {
  const [many, less] = [8, 6].map((mappings) => {
    const rig = ext4('v6.12');
    for (let at = 0; at < 60; at += 1) {
      const { pid } = rig.mapper({ touched: 'write', length: PAGE, small: true });
      const more = { file: rig.file(), offset: 0, length: PAGE, flags: ['shared'], prot: 'r' } as const;
      for (let other = 1; other < mappings; other += 1)
        rig.made.run({ type: 'create_mapping', pid, ...more, populate: 'read' });
    }
    return details(removeDevice(rig.made))[0];
  });
  expect(many).toMatch('too much uses it');
  expect(less).toMatch('safe (recorded on this kernel)');
});

test('[CLEAN5] of many processes ten are named', () => {
  const rig = ext4('v6.12');
  const pids = Array.from({ length: 12 }, () => opener(rig));
  const [detail] = details(removeDevice(rig.made));
  const named = pids.slice(0, 10).map((pid) => `end process ${String(pid)}`);
  expect(detail).toMatch(
    `safe (recorded on this kernel): bind pmem0, ${named.join(', ')} and 2 more, umount`,
  );
});

describe('[CLEAN6] on a kernel of which not all is known', () => {
  const ANY = '5.14.0-427.13.1.el9_4.x86_64';
  const rigOf = (kernel_release: string): Rig => {
    const made = emptyMachine('v6.12');
    made.run({ type: 'create_host', name: 'h', kernel_release });
    addDevice(made);
    return rigOn(made, addMount(made).id);
  };

  test('what it meets whatever that is, in the words of each', () => {
    const rig = rigOf(ANY);
    rig.mapper({ touched: 'write' });
    const removal = inAnyCase(rig.made, ANY);
    const [detail] = details(removal);
    expect(detail).toMatch(/dax_disassociate_entry; safe .*, or: .*vm_normal_folio_pmd, .*no order that was/);
    expect(removal.hazards.find(isCleanUp)).toMatchObject({ triggered_by: [] });
  });

  test('nothing, where it may be harmless', () => {
    const rig = rigOf(ANY);
    rig.mapper({ touched: 'none' });
    expect(details(inAnyCase(rig.made, ANY))).toEqual([]);
  });

  test('one that was not recorded has its answer from the source', () => {
    const rig = rigOf('6.6.30');
    rig.mapper({ touched: 'write' });
    expect(details(removeDevice(rig.made))[0]).toMatch('safe (by the source, not recorded): bind pmem0');
  });
});
