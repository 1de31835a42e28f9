import { describe, expect, test } from 'vitest';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { answered, shape, told, touch } from './observe.ts';
import {
  baseOf,
  counters,
  ends,
  fail,
  poison,
  poisonCommand,
  ram,
  scene,
  signals,
  type Scene,
} from './poison.ts';
import { DAX, devdax, ext4, mounted, xfs } from './rig.ts';
import {
  access,
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  addProcess,
  DEVICE,
  found,
  machine,
  MIB,
  outcomeOf,
  PAGE,
  PIPE,
  processOf,
  removeDevice,
  returned,
} from './support.ts';

/** An ext4 file that one process maps, and a badblock at page 5 of it. */
function bad(
  kernel: KernelName,
  device: { readonly clears_poison?: boolean } = {},
): Scene & { readonly file: string } {
  const { made, mapper, file } = mounted(kernel, { device });
  const at = { made, device: DEVICE, base: baseOf(made, file()), who: { one: mapper() } };
  fail(at, { page: 5, source: 'mce' });
  return { ...at, file: file() };
}

describe('madvise', () => {
  test('is called by the process whose mapping was made first', () => {
    const at = scene('v6.12', 'ext4', { first: {}, second: {} });
    expect(signals(at, fail(at, { source: 'madvise' }))).toBe('first AR 21 +0');
    at.made.run({ type: 'exit_process', pid: found(at.who.first).pid });
    expect(signals(at, fail(at, { source: 'madvise' }))).toBe('second AR 21 +0');
  });

  test('of a page that cannot be faulted in is EFAULT, after the pages before it', () => {
    const { file, ...old } = bad('v6.12');
    const caller = addMapper(old.made, { file, touched: 'none' });
    const at = { ...old, who: { caller } };
    const by = 'caller';
    expect(ends(fail(at, { page: 4, pages: 3, source: 'madvise', by }))).toBe(
      'EFAULT, dax page: Recovered x1',
    );
    expect(ends(fail(at, { page: 5, source: 'soft_offline', by }))).toBe('EFAULT');
    expect(touch(at.made, caller, 'madvise_hwpoison', { page: 5 })).toBe('EFAULT');
  });

  test('of a page that its process has copied on write is not modelled', () => {
    const at = scene('v6.12', 'ext4', { caller: { flags: ['private'], touched: 'cow' } });
    for (const source of ['madvise', 'soft_offline'] as const)
      expect(answered(at.made, poisonCommand(at, { source, by: 'caller' }))).toBe('not_modelled');
  });

  test('of a page is an access of its process', () => {
    const at = scene('v6.12', 'ext4', { caller: {}, frail: { sigbus: 'default' } });
    const outcome = access(at.made, found(at.who.caller).mapping, 'madvise_hwpoison', { page: 5 });
    expect(outcome).toMatchObject({
      result: 'signal',
      si_code: 'BUS_MCEERR_AR',
      si_addr_lsb: 21,
      process_alive: true,
    });
    const end = access(at.made, found(at.who.frail).mapping, 'madvise_hwpoison', { page: 5 });
    expect(end).toMatchObject({ process_alive: false, end: { killed_by: 'SIGBUS' } });
    const memory = ram('v6.1', { caller: {} });
    expect(touch(memory.made, found(memory.who.caller), 'madvise_hwpoison')).toBe('ok');
  });

  test('[M141] ends with the first page that is still referenced', () => {
    const at = ram('v6.12', { one: {} });
    addPin(at.made, found(at.who.one), PIPE);
    const report = fail(at, { pages: 8, source: 'madvise' });
    expect(ends(report)).toBe('EBUSY, dirty LRU page: Failed x1');
  });

  test('takes a range of one mapping, of a process that maps it', () => {
    const at = scene('v6.12', 'ext4', { caller: {} });
    expect(answered(at.made, poisonCommand(at, { pages: 513, source: 'madvise' }))).toBe('out_of_range');
    expect(answered(at.made, poisonCommand(at, { page: 600, source: 'madvise' }))).toBe('invalid_field');
    const other = { ...at, who: { other: { pid: addProcess(at.made), mapping: '' } } };
    expect(answered(at.made, poisonCommand(other, { source: 'madvise', by: 'other' }))).toBe('invalid_field');
    expect(answered(at.made, poisonCommand(other, { source: 'mce', by: 'other' }))).toBe('invalid_field');
    expect(answered(at.made, poisonCommand(other, { source: 'debugfs', by: 'other' }))).toBe('invalid_field');
    expect(answered(at.made, poisonCommand(other, { source: 'soft_offline', by: 'other' }))).toBe(
      'invalid_field',
    );
    const memory = ram('v6.12', { one: {} });
    expect(answered(memory.made, poisonCommand(memory, { page: 9, source: 'madvise' }))).toBe(
      'invalid_field',
    );
  });
});

describe('refused', () => {
  test('a range that is empty or leaves the device, and who has ended', () => {
    const at = scene('v6.12', 'ext4', { caller: {} });
    for (const range of [
      { offset: 0, length: 0 },
      { offset: 64 * MIB, length: 1 },
      { offset: 0, length: 64 * MIB + 1 },
    ]) {
      const asked = { ...poisonCommand(at, { source: 'debugfs' }), ...range };
      expect(answered(at.made, asked)).toMatch(/invalid_field|out_of_range/);
      const { type: _type, source: _source, ...where } = asked;
      expect(answered(at.made, { type: 'clear_errors', ...where })).toMatch(/invalid_field|out_of_range/);
    }
    at.made.run({ type: 'exit_process', pid: found(at.who.caller).pid });
    expect(answered(at.made, poisonCommand(at, { source: 'mce', by: 'caller' }))).toBe('process_ended');
    const nowhere = { ...poisonCommand(at, { source: 'mce' }), dax_device: 'pmem9' };
    expect(answered(at.made, nowhere)).toBe('dax_device_not_found');
    expect(answered(at.made, { type: 'clear_errors', dax_device: 'pmem9', offset: 0, length: 1 })).toBe(
      'dax_device_not_found',
    );
  });

  test('a byte within a page, but of a machine check', () => {
    const at = scene('v6.12', 'ext4', { caller: {} });
    for (const source of ['madvise', 'debugfs', 'soft_offline'] as const) {
      const asked = poisonCommand(at, { page: 5, source });
      expect(answered(at.made, { ...asked, offset: asked.offset + 64 })).toBe('invalid_field');
    }
    const checked = poisonCommand(at, { page: 5, source: 'mce' });
    const report = returned(at.made.run({ ...checked, offset: checked.offset + 64, length: 64 }));
    expect(ends(report)).toBe('ok, dax page: Recovered x1');
  });

  test('[M46] not the removal of a poisoned xfs that was unmounted, or is on a kernel that is known', () => {
    const removed = { type: 'remove_dax_device', dax_device: DEVICE } as const;
    const codes = (kernel: KernelName): string[] =>
      (['unbind', 'orderly_removal'] as const).map((trigger) => {
        const at = scene(kernel, 'rmapbt', { one: {} });
        fail(at, { source: 'madvise' });
        at.made.run({ type: 'munmap', mapping: found(at.who.one).mapping });
        return answered(at.made, { ...removed, trigger });
      });
    expect(codes('force-unmap-v5.12')).toEqual(['outcome_unknown', 'ok']);
    expect(codes('v6.12')).toEqual(['ok', 'ok']);
  });

  test('a device that is being removed, or whose medium is gone', () => {
    const at = scene('v5.10', 'ext4', { caller: {} });
    addPin(at.made, found(at.who.caller), PIPE);
    removeDevice(at.made, { trigger: 'surprise_removal' });
    expect(answered(at.made, poisonCommand(at, { source: 'mce' }))).toBe('outcome_unknown');
    at.made.run({ type: 'unpin', pin: [...at.made.host.tables.pins.keys()][0]! });
    const [removal] = at.made.host.tables.removals.keys();
    while (at.made.host.tables.removals.get(removal!)!.state === 'running')
      at.made.run({ type: 'advance_removal', removal: removal! });
    expect(answered(at.made, poisonCommand(at, { source: 'mce' }))).toBe('outcome_unknown');
  });

  test('soft offline of system RAM', () => {
    const memory = ram('v6.12', { one: {} });
    expect(answered(memory.made, poisonCommand(memory, { source: 'soft_offline' }))).toBe('outcome_unknown');
  });

  test('the death of a process whose pins outlive their device', () => {
    const at = scene('v6.1', 'ext4', { caller: { sigbus: 'default' } });
    const { pid } = found(at.who.caller);
    addDevice(at.made, { name: DAX, mode: 'devdax' });
    const node = { pid, dax_device: DAX, offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw' } as const;
    at.made.run({ type: 'create_mapping', ...node });
    const mapping = [...at.made.host.tables.mappings.keys()].at(-1)!;
    at.made.run({
      type: 'create_pin',
      pid,
      mapping,
      offset: 0,
      length: PAGE,
      kind: 'longterm',
      holder: 'rdma',
    });
    removeDevice(at.made, { dax_device: DAX });
    expect(answered(at.made, poisonCommand(at, { source: 'madvise' }))).toBe('outcome_unknown');
    expect(processOf(at.made, pid).state).toBe('running');
  });
});

describe('a badblock', () => {
  test('[M16] stops the store to a write-protected entry: a PMD falls back to PTEs', () => {
    const at = bad('v5.10');
    const one = found(at.who.one);
    expect(touch(at.made, one, 'write', { page: 6 })).toBe('ok');
    expect(shape(at.made, one)).toBe('1 pte');
    const small = addMapper(at.made, { file: at.file, small: true, touched: 'none' });
    access(at.made, small.mapping, 'read', { page: 3, pages: 2 });
    expect(access(at.made, small.mapping, 'write', { page: 3, pages: 3 }).si_code).toBe('BUS_ADRERR');
    expect(shape(at.made, small)).toBe('2 pte');
  });

  test('[M16] stops the store to an old PTE too, on v5.10', () => {
    const { made, mapper, file } = ext4('v5.10');
    const small = mapper({ small: true });
    fail({ made, device: DEVICE, base: baseOf(made, file()), who: {} }, { page: 5, source: 'mce' });
    expect([4, 5].map((page) => touch(made, small, 'write', { page }))).toEqual(['ok', 'SIGBUS BUS_ADRERR']);
    expect(touch(made, small, 'read', { page: 5 })).toBe('ok');
  });

  test('is copied on write by nobody, and not by MAP_POPULATE', () => {
    const at = bad('v6.1');
    const copier = addMapper(at.made, { file: at.file, flags: ['private'], touched: 'none' });
    expect(touch(at.made, copier, 'write', { page: 5 })).toBe('SIGBUS BUS_ADRERR');
    const populated = addMapper(at.made, { file: at.file, populate: 'read', touched: 'none' });
    expect(shape(at.made, populated)).toBe('5 pte');
  });

  test('stops a pwrite that begins before it in an unrecorded way, and is cleared whole', () => {
    const at = bad('v6.12', { clears_poison: true });
    const io = { type: 'file_io', file: at.file, pid: found(at.who.one).pid, kind: 'pwrite' } as const;
    expect(answered(at.made, { ...io, offset: 4 * PAGE, length: 2 * PAGE })).toBe('outcome_unknown');
    expect(told(outcomeOf(at.made.run({ ...io, offset: 5 * PAGE, length: 2 * PAGE })))).toBe('ok');
    expect(poison(at)).toBe('flags none, badblocks none');
  });

  test('[M22] is cleared where no entry and no flag is, and with the head that is flagged for it', () => {
    const clear = { type: 'clear_errors', dax_device: DEVICE, offset: 0, length: 64 * MIB } as const;
    const idle = bad('v6.12', { clears_poison: true });
    fail(idle, { page: 600, source: 'mce' });
    expect(poison(idle)).toBe('flags 5+1, badblocks 40+8 4800+8');
    idle.made.run({ ...clear, offset: (idle.base + 600) * PAGE, length: PAGE });
    expect(poison(idle)).toBe('flags 5+1, badblocks 40+8');
    const { made, mapper } = devdax('v6.1', { clears_poison: true });
    const node = { made, device: DAX, base: 0, who: { one: mapper() } };
    fail(node, { page: 5, source: 'mce' });
    expect(poison(node)).toBe('flags 0+1, badblocks 40+8');
    made.run({ ...clear, dax_device: DAX });
    expect(poison(node)).toBe('flags none, badblocks none');
  });

  test('[M22] is not cleared by a device that cannot', () => {
    const at = bad('v6.12');
    const clear = { type: 'clear_errors', dax_device: DEVICE, offset: 0, length: MIB } as const;
    expect(answered(at.made, clear)).toBe('tool_refused');
    const able = scene('v6.12', 'ext4', {});
    able.made.run({
      type: 'create_dax_device',
      name: 'pmem1',
      mode: 'fsdax',
      size: 64 * MIB,
      clears_poison: true,
    });
    expect(answered(able.made, { ...clear, dax_device: 'pmem1' })).toBe('ok');
  });
});

describe('system RAM', () => {
  test('outside the blocks, and in blocks that are offline', () => {
    const made = machine('v7.3', 0, { auto_online_blocks: 'offline' });
    const range = { size: 192 * MIB, phys_addr: '0x108000000', target_node: 1 };
    addDevice(made, { name: DAX, mode: 'system-ram', ...range });
    const at = { made, device: DAX, base: 0, who: {} };
    expect(ends(fail(at, { source: 'debugfs' }))).toBe('ENXIO, memory outside kernel control x1');
    const page = (128 * MIB) / PAGE;
    expect(ends(fail(at, { page, source: 'debugfs' }))).toBe('ENXIO, invalid pfn x1');
    expect(ends(fail(at, { page, source: 'mce' }))).toBe('EBUSY, non struct page pfn: Ignored x1');
    expect(counters(at)).toMatch(/^0 kB/);
  });

  test('with no node told counts on node0', () => {
    const made = machine('v6.12', 0, { auto_online_blocks: 'online_movable' });
    addDevice(made, { name: DAX, mode: 'system-ram', size: 128 * MIB });
    const at = { made, device: DAX, base: 0, who: {} };
    addMapper(made, { dax_device: DAX, flags: ['private'], length: 8 * PAGE });
    expect(ends(fail(at, { source: 'debugfs' }))).toBe('ok, free buddy page: Recovered x1');
    expect(counters(at)).toBe('4 kB, node0 total 1 recovered 1');
  });
});

describe('a machine check that a load consumed', () => {
  test('and that cannot be handled is plain SIGBUS, forced', () => {
    const at = scene('v6.12', 'ext4', { one: {}, deaf: { sigbus: 'blocked' } });
    removeDevice(at.made);
    const sent = fail(at, { page: 5, pages: 2, source: 'mce', by: 'one' }).processes;
    expect(sent).toMatchObject([{ si_code: 'SI_KERNEL', si_addr: '0x0', si_addr_lsb: null, count: 2 }]);
    expect(sent[0]).toMatchObject({ killed: false, fate: 'delivered' });
    const [deaf] = fail(at, { page: 5, source: 'mce', by: 'deaf' }).processes;
    expect(deaf).toMatchObject({ si_code: 'SI_KERNEL', killed: true });
  });

  test('[M141] comes after AR where a page of system RAM is pinned; [M58] EHWPOISON ends quietly', () => {
    const at = ram('v6.12', { one: {} });
    addPin(at.made, found(at.who.one), PIPE);
    const codes = (): string[] =>
      fail(at, { source: 'mce', by: 'one' }).processes.map(({ si_code }) => si_code);
    expect(codes()).toEqual(['BUS_MCEERR_AR', 'SI_KERNEL']);
    expect(codes()).toEqual(['BUS_MCEERR_AR']);
  });
});

test('a process that spins in the kernel calls no madvise', () => {
  const { made, mapper } = devdax('v6.1');
  const { pid } = mapper();
  addDevice(made);
  const file = addFile(made, addMount(made).id, '/a');
  const map = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw', page_size: 4096 } as const;
  made.run({ type: 'create_mapping', pid, file, ...map });
  const stale = [...made.host.tables.mappings.keys()].at(-1)!;
  access(made, stale, 'read');
  removeDevice(made);
  expect(access(made, stale, 'madvise_hwpoison').result).toBe('livelock');
  const at = { made, device: DAX, base: 0, who: {} };
  expect(answered(made, poisonCommand(at, { source: 'madvise' }))).toBe('invalid_field');
});

test('[M4] a mapping of an old instance of its device is one that madvise names where it has an entry', () => {
  const { made, mapper, file } = xfs('v6.1');
  const caller = mapper({ small: true, touched: 'none' });
  access(made, caller.mapping, 'read');
  const at = { made, device: DEVICE, base: baseOf(made, file()), who: { caller } };
  removeDevice(made);
  made.run({ type: 'bind', dax_device: DEVICE });
  expect(answered(made, poisonCommand(at, { page: 1, source: 'madvise' }))).toBe('invalid_field');
  expect(ends(fail(at, { source: 'madvise' }))).toBe('EBUSY, dax page: Failed x1');
  expect(ends(fail(at, { source: 'debugfs' }))).toBe('EBUSY, dax page: Failed x1');
  expect(access(made, caller.mapping, 'madvise_hwpoison').errno).toBe('EBUSY');
});
