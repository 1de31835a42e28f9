import { describe, expect, test } from 'vitest';
import { HWPOISON_RANGES_MAX } from '../../src/engine/memory_failure/flags.ts';
import type { KernelName } from '../../src/engine/vocabulary.ts';
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
  accessCommand,
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
} from './support.ts';

const GIB = 1024 * MIB;

/** A devdax of 64 GiB that one process has mapped and read from its start. */
function large(kernel: KernelName, length: number): Scene {
  const { made, mapper } = devdax(kernel, { size: 64 * GIB });
  return { made, device: DAX, base: 0, who: { caller: mapper({ length }) } };
}

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

describe('a range', () => {
  test('[M12] costs runs, not pages: one call over 1 TiB', () => {
    const made = machine('v6.12');
    addDevice(made, { size: 1024 * GIB });
    const report = fail({ made, device: DEVICE, base: 0, who: {} }, { pages: 2 ** 28, source: 'debugfs' });
    expect(ends(report)).toBe('EBUSY, dax page: Failed x268435456');
    expect(report.kernel_log).toHaveLength(100);
  });

  test('[M13] on v7.3 unmaps the first page of each folio where its victims map by 4 KiB', () => {
    const { made, mapper, file } = ext4('v7.3');
    const all = { file: file(), length: 4 * MIB } as const;
    const first = addMapper(made, all);
    const early = mapper({ ...all, small: true, mce_kill: 'early' });
    made.run({ type: 'exit_process', pid: first.pid });
    const at = { made, device: DEVICE, base: baseOf(made, file()), who: { early } };
    expect(signals(at, fail(at, { pages: 1024, source: 'debugfs' }))).toBe('early AO 12 +0 x2');
    expect(shape(made, early)).toBe('1022 pte');
    expect(poison(at)).toBe('flags 0+1 512+1, badblocks none');
  });

  test('[M12] of madvise on v7.3 steps over the folios it begins in', () => {
    const { made, file } = ext4('v7.3');
    const caller = addMapper(made, { file: file(), length: 4 * MIB });
    const at = { made, device: DEVICE, base: baseOf(made, file()), who: { caller } };
    const report = fail(at, { page: 5, pages: 512, source: 'madvise' });
    expect(ends(report)).toBe('ok, dax page: Recovered x1');
    expect(shape(made, caller)).toBe('1 pmd');
  });

  test('[M12] of madvise on v7.3 passes by pages that a step of a folio has passed', () => {
    const { made, mapper, file } = ext4('v7.3');
    const all = { file: file(), length: 4 * MIB } as const;
    access(made, mapper({ ...all, small: true, touched: 'none' }).mapping, 'read', { page: 513 });
    const caller = mapper(all);
    const at = { made, device: DEVICE, base: baseOf(made, file()), who: { caller } };
    const step = { page: 5, source: 'madvise', by: 'caller' } as const;
    expect(ends(fail(at, { ...step, pages: 511 }))).toBe('ok, dax page: Recovered x1');
    expect(ends(fail(at, { ...step, pages: 515 }))).toBe('ok, dax page: Recovered x4');
  });

  test('[M156] goes on where entries outlast the range that was unmapped', () => {
    const { made, mapper, file } = ext4('v6.12');
    const whole = mapper({ mce_kill: 'early' });
    const small = addMapper(made, {
      file: file(),
      length: 4 * MIB,
      small: true,
      mce_kill: 'early',
      touched: 'none',
    });
    access(made, small.mapping, 'read', { page: 508, pages: 8 });
    const at = { made, device: DEVICE, base: baseOf(made, file()), who: { whole, small } };
    expect(signals(at, fail(at, { pages: 1024, source: 'debugfs' }))).toBe(
      'whole AO 21 +0, small AO 12 +512 x4',
    );
  });

  test('[M49] names a victim at the page where it has an entry', () => {
    const { made, mapper, file } = ext4('v6.12');
    const early = mapper({ small: true, mce_kill: 'early', touched: 'none' });
    access(made, early.mapping, 'read', { page: 4, pages: 2 });
    access(made, mapper({ small: true }).mapping, 'read', { pages: 8 });
    const at = { made, device: DEVICE, base: baseOf(made, file()), who: { early } };
    const lines = fail(at, { pages: 8, source: 'debugfs' }).kernel_log.map((line) => line.includes('SIGBUS'));
    expect(lines.flatMap((told, line) => (told ? [line] : []))).toEqual([9, 12]);
  });

  test('of separate flags is limited', () => {
    const at = large('v6.1', 16 * GIB);
    expect(answered(at.made, poisonCommand(at, { pages: (16 * GIB) / PAGE, source: 'madvise' }))).toBe(
      'not_modelled',
    );
    const half = (HWPOISON_RANGES_MAX / 2 + 1) * 512;
    expect(fail(at, { pages: half, source: 'debugfs' }).hwpoisoned_pages).toBe(HWPOISON_RANGES_MAX / 2 + 1);
    const more = poisonCommand(at, { page: half, pages: half, source: 'debugfs' });
    expect(answered(at.made, more)).toBe('not_modelled');
  });

  test('[M41] of single sectors is limited as the list of the kernel is', () => {
    const at = large('v5.10', 2 * MIB);
    expect(answered(at.made, poisonCommand(at, { pages: 513, source: 'mce' }))).toBe('not_modelled');
    fail(at, { pages: 400, source: 'mce' });
    expect(answered(at.made, poisonCommand(at, { page: 400, pages: 400, source: 'mce' }))).toBe(
      'not_modelled',
    );
    expect(fail(at, { page: 400, pages: 112, source: 'mce' }).badblocks).toHaveLength(112);
  });
});

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

  test('more of an xfs with rmapbt than the page over which it shuts down', () => {
    const at = { ...scene('v6.12', 'rmapbt', { one: {} }), base: 0 };
    expect(answered(at.made, poisonCommand(at, { pages: 2, source: 'mce' }))).toBe('outcome_unknown');
    fail(at, { source: 'mce' });
    expect(answered(at.made, poisonCommand(at, { source: 'mce' }))).toBe('outcome_unknown');
  });

  test('soft offline of system RAM, and a fault that nobody has recorded', () => {
    const memory = ram('v6.12', { one: {} });
    expect(answered(memory.made, poisonCommand(memory, { source: 'soft_offline' }))).toBe('outcome_unknown');
    const { made, mapper, mount, file } = ext4('v5.10');
    const caller = mapper({ touched: 'none' });
    made.run({ type: 'shutdown_mount', mount });
    const at = { made, device: DEVICE, base: baseOf(made, file()), who: { caller } };
    expect(answered(made, poisonCommand(at, { source: 'madvise' }))).toBe('outcome_unknown');
    expect(answered(made, poisonCommand(at, { source: 'soft_offline', by: 'caller' }))).toBe(
      'outcome_unknown',
    );
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
    expect(ends(fail(at, { page, source: 'debugfs' }))).toBe('EBUSY, non struct page pfn: Ignored x1');
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

test('[M4] a mapping of an old instance of its device is none that madvise names', () => {
  const { made, mapper, file } = xfs('v6.1');
  const caller = mapper();
  const at = { made, device: DEVICE, base: baseOf(made, file()), who: { caller } };
  removeDevice(made);
  made.run({ type: 'bind', dax_device: DEVICE });
  expect(answered(made, poisonCommand(at, { source: 'madvise' }))).toBe('invalid_field');
  expect(ends(fail(at, { source: 'debugfs' }))).toBe('EBUSY, dax page: Failed x1');
  expect(answered(made, accessCommand(caller.mapping, 'madvise_hwpoison'))).toBe('ok');
});
