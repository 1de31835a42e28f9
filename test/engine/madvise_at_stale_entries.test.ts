import { describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { GUP } from './gup_at_stale_entries.ts';
import { told } from './observe.ts';
import { baseOf, ends, poisonCommand, signals, type Asked, type Scene } from './poison.ts';
import { ext4, mounted, rigOn, type Rig } from './rig.ts';
import {
  addMapper,
  addMount,
  DEVICE,
  found,
  MIB,
  PAGE,
  removeDevice,
  type MapperOptions,
} from './support.ts';

/** An old owner by name whose mapping outlived the removal. */
function stale(kernel: KernelName, options: MapperOptions = {}, rig: Rig = ext4(kernel)): Scene {
  const old = rig.mapper(options);
  const base = baseOf(rig.made, rig.file());
  removeDevice(rig.made);
  return { made: rig.made, device: DEVICE, base, who: { old } };
}

/** What the request is answered: a refusal, a report, or what the process got. */
function answer(at: Scene, asked: Partial<Asked> & { readonly mapping?: string } = {}): string {
  const { mapping, ...more } = asked;
  const command = poisonCommand(at, { source: 'madvise', by: 'old', ...more });
  const named = mapping === undefined ? {} : { mapping, offset: 0 };
  const decision = at.made.try({ ...command, ...named });
  if (isRefusal(decision)) return decision.code;
  return 'kernel_oopses' in decision.answer ? told(decision.answer) : ends(decision.answer);
}

describe('[MF23] [R135] MADV_HWPOISON through a stale entry, by the device', () => {
  test.each(GUP)('%s: %s by PMD, %s by PTE', (kernel, pmd, pte) => {
    expect(answer(stale(kernel))).toBe(pmd);
    expect(answer(stale(kernel, { small: true }))).toBe(pte);
    expect(answer(stale(kernel), { source: 'soft_offline' })).toBe(pmd);
  });

  test('of a page without an entry the mapping is to be named: it cannot be faulted in', () => {
    const at = stale('v6.12', { touched: 'none' });
    const { mapping } = found(at.who['old']);
    expect(answer(at, { mapping })).toBe('EFAULT');
    expect(answer(at)).toBe('invalid_field');
  });

  test('[CX9] over system RAM it is not known', () => {
    const at = stale('v6.12', {}, mounted('v6.12', { device: { size: 256 * MIB } }));
    at.made.run({ type: 'bind', dax_device: DEVICE, mode: 'system-ram' });
    expect(answer(at)).toBe('outcome_unknown');
  });
});

describe('[MF23] [R164] MADV_HWPOISON through a stale entry to pages of the next owner', () => {
  test.each(['v5.10', 'v6.1', 'v6.12', 'v7.3'] as const)('%s: in no DAX entry it is EBUSY', (kernel) => {
    const at = stale(kernel);
    at.made.run({ type: 'bind', dax_device: DEVICE });
    expect(answer(at)).toBe('EBUSY, dax page: Failed x1');
    expect(answer(at, { source: 'soft_offline' })).toBe('EIO');
  });

  test.each(['v6.1', 'v6.12', 'v7.3'] as const)(
    '[M2] %s: who maps the pages by the new file is signalled, the caller is none of them',
    (kernel) => {
      const at = stale(kernel);
      at.made.run({ type: 'patch_host', sysctl: { memory_failure_early_kill: 1 } });
      at.made.run({ type: 'bind', dax_device: DEVICE });
      const next = rigOn(at.made, addMount(at.made, { path: '/mnt/b', fs_type: 'xfs' }).id).mapper();
      const all = { ...at, who: { ...at.who, next } };
      const report = at.made.run(poisonCommand(all, { source: 'madvise', by: 'old' }));
      if ('kernel_oopses' in report) throw new Error('it came back');
      expect(signals(all, report)).toBe('next AO 21 +0');
      expect(ends(report)).toBe('ok, dax page: Recovered x1');
    },
  );

  test('a device-dax tenant of the pages is signalled the same way', () => {
    const at = stale('v6.12');
    at.made.run({ type: 'patch_host', sysctl: { memory_failure_early_kill: 1 } });
    at.made.run({ type: 'bind', dax_device: DEVICE, mode: 'devdax', tenant: 'b' });
    const next = addMapper(at.made, { dax_device: DEVICE, offset: at.base * PAGE });
    const all = { ...at, who: { ...at.who, next } };
    const report = at.made.run(poisonCommand(all, { source: 'madvise', by: 'old' }));
    if ('kernel_oopses' in report) throw new Error('it came back');
    expect(signals(all, report)).toBe('next AO 21 +0');
  });
});
