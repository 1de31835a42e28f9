import { describe, expect, test } from 'vitest';
import { HWPOISON_RANGES_MAX } from '../../src/engine/mm/hwpoison.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { answered, shape } from './observe.ts';
import { baseOf, ends, fail, poison, poisonCommand, scene, signals, type Scene } from './poison.ts';
import { DAX, devdax, ext4 } from './rig.ts';
import { access, addDevice, addMapper, DEVICE, machine, MIB, PAGE } from './support.ts';

const GIB = 1024 * MIB;

/** A devdax of 64 GiB that one process has mapped and read from its start. */
function large(kernel: KernelName, length: number): Scene {
  const { made, mapper } = devdax(kernel, { size: 64 * GIB });
  return { made, device: DAX, base: 0, who: { caller: mapper({ length }) } };
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

  test('[M6] on v7.3 tells the owner of a copied page for each page of its folio, the rest once', () => {
    const who = { early: { mce_kill: 'early' }, cow: { flags: ['private'], touched: 'cow' } } as const;
    const [by_page, by_folio] = [scene('v7.3', 'ext4', who, 1), scene('v7.3', 'ext4', who, 1)];
    const each = fail(by_page, { page: 5, pages: 20, source: 'debugfs' });
    expect(signals(by_page, each)).toBe('early AO 21 +0, cow AO 12 +0 x20');
    expect(each.kernel_log.filter((line) => line.includes('SIGBUS'))).toHaveLength(21);
    const once = fail(by_folio, { page: 5, pages: 20, source: 'madvise', by: 'early' });
    expect(signals(by_folio, once)).toBe('early AR 21 +0, cow AO 12 +0');
  });

  test('[M49] on v7.3 names who maps by 4 KiB once in each folio', () => {
    const { made, mapper, file } = ext4('v7.3');
    const all = { file: file(), length: 4 * MIB } as const;
    const first = addMapper(made, all);
    const early = mapper({ ...all, small: true, mce_kill: 'early' });
    made.run({ type: 'exit_process', pid: first.pid });
    const at = { made, device: DEVICE, base: baseOf(made, file()), who: { early } };
    const log = fail(at, { page: 500, pages: 20, source: 'mce' }).kernel_log;
    const lines = log.flatMap((line, row) => (line.includes('SIGBUS') ? [row] : []));
    expect(lines).toEqual([0, 13]);
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
