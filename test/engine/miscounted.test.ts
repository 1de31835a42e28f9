import { describe, expect, test } from 'vitest';
import type { CommandOf } from '../../src/engine/model/command.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { KERNEL_NAMES, type KernelName } from '../../src/engine/model/vocabulary.ts';
import type { Outcome } from '../../src/engine/model/outcome.ts';
import { answered, SIGBUS, told } from './observe.ts';
import { ext4, mounted } from './rig.ts';
import {
  access,
  addMapper,
  addPin,
  DEVICE,
  found,
  MIB,
  outcomeOf,
  PIPE,
  removeDevice,
  settle,
  type Machine,
  type MapperOptions,
} from './support.ts';

/** The block of the recordings that the old file lay in, and the one behind it. */
const [OLD, NEXT] = [33, 34];

/** ext4 removed while mapped, its device given to System RAM of which nobody uses a page. */
function stale(kernel: KernelName, options: MapperOptions = {}) {
  const rig = mounted(kernel, { device: { size: 1006 * MIB, phys_addr: '0x101200000' } });
  const { made } = rig;
  const owner = rig.mapper({ small: true, ...options });
  removeDevice(made);
  made.run({ type: 'patch_host', auto_online_blocks: 'online_movable' });
  made.run({ type: 'bind', dax_device: DEVICE, mode: 'system-ram' });
  return { made, owner };
}

/** The same, and the old owner ended. */
function ended(kernel: KernelName, small = true): Machine {
  const { made, owner } = stale(kernel, { small });
  made.run({ type: 'exit_process', pid: owner.pid });
  return made;
}

function offline(block: number): CommandOf<'patch_memory_block'> {
  return { type: 'patch_memory_block', dax_device: DEVICE, block, state: 'offline' };
}

/** How the write ends, where, and the state that the block then shows. */
function write(made: Machine, block: number): string {
  const decision = made.try(offline(block));
  if (isRefusal(decision)) return decision.code;
  const { result, blocked_in, kernel_oopses, state } = decision.answer.memory_block;
  return [result, blocked_in ?? kernel_oopses.map(({ at }) => at).join(), state].filter(Boolean).join(' ');
}

/** Lines of a log that tell of a bad page. */
function badPages({ kernel_log }: Outcome): number {
  return kernel_log.filter((line) => line.startsWith('BUG: Bad page map')).length;
}

const BUG = 'kernel_oops __offline_isolated_pages going-offline';

describe('[S46] the old owner ended while its pages were free System RAM', () => {
  const OTHERS = KERNEL_NAMES.filter((kernel) => kernel !== 'v7.3');

  test.each(OTHERS)('%s: the block goes offline', (kernel) => {
    expect(write(ended(kernel), OLD)).toBe('ok offline');
  });

  test.each([true, false])('v7.3: the writer dies, and the lock of memory hotplug with it', (small) => {
    const made = ended('v7.3', small);
    expect(write(made, OLD)).toBe(BUG);
    expect(write(made, OLD)).toBe('blocked lock_device_hotplug_sysfs going-offline');
    expect(write(made, NEXT)).toBe('blocked lock_device_hotplug_sysfs online_movable');
    const removal = removeDevice(made);
    expect(removal).toMatchObject({ state: 'waiting', verdict: null });
    // No pin holds it up: there are no pages to tell of (RM14).
    expect(removal.report.pages_waited_for).toBeUndefined();
    const host = found(made.host.tables.hosts.get('h'));
    expect([host.health, host.stuck]).toEqual(['oopsed', ['device_hotplug_lock']]);
    settle(made);
    expect([...made.host.tables.removals.values()].at(-1)?.state).toBe('waiting');
  });

  test('v7.3: another block goes offline before, and after a reboot there is nothing of it', () => {
    const made = ended('v7.3');
    expect(write(made, NEXT)).toBe('ok offline');
    expect(write(made, OLD)).toBe(BUG);
    made.run({ type: 'reboot' });
    expect(found(made.host.tables.hosts.get('h')).stuck).toEqual([]);
  });

  test('v7.3: an offline that waits for a pin dies once that is gone', () => {
    const made = ended('v7.3');
    made.run(offline(NEXT));
    const memory = { dax_device: DEVICE, flags: ['private'], length: MIB, touched: 'write' } as const;
    const holder = addMapper(made, memory);
    const pin = addPin(made, holder, PIPE);
    expect(write(made, OLD)).toBe('blocked offline_pages going-offline');
    made.run({ type: 'unpin', pin });
    expect(write(made, NEXT)).toBe('blocked lock_device_hotplug_sysfs offline');
    expect(found(made.host.tables.hosts.get('h')).health).toBe('oopsed');
  });

  test('v7.3: what becomes of an offline of the whole, or of who takes those pages, is not told', () => {
    const made = ended('v7.3');
    const whole = { type: 'patch_dax_device', dax_device: DEVICE, kmem_state: 'unplugged' } as const;
    expect(answered(made, whole)).toBe('outcome_unknown');
    expect(answered(made, { type: 'offline_memory', dax_device: DEVICE })).toBe('outcome_unknown');
    const memory = { dax_device: DEVICE, flags: ['private'], length: 64 * MIB, touched: 'none' } as const;
    const { mapping } = addMapper(made, memory);
    const store = { type: 'access', mapping, kind: 'write', offset: 0, length: 64 * MIB } as const;
    expect(answered(made, store)).toBe('outcome_unknown');
  });
});

describe('[ST3] the old owner lives, and lets go of', () => {
  const LINES_MAX = 60;

  test('all by munmap: it logs, and the block cannot go offline', () => {
    const { made, owner } = stale('v7.3');
    const outcome = outcomeOf(made.run({ type: 'munmap', mapping: owner.mapping }));
    expect([badPages(outcome), write(made, OLD)]).toEqual([LINES_MAX, BUG]);
  });

  test.each([
    ['small', true, 3],
    ['huge', false, 0],
  ] as const)('three pages of a %s entry by MADV_DONTNEED: likewise', (_size, small, lines) => {
    const { made, owner } = stale('v7.3', { small });
    const outcome = access(made, owner.mapping, 'madvise_dontneed', { page: 5, pages: 3 });
    expect([outcome.result, badPages(outcome), write(made, OLD)]).toEqual(['ok', lines, BUG]);
  });

  test('a huge entry by a private store', () => {
    const { made, owner } = stale('v7.3', { small: false, flags: ['private'], touched: 'read' });
    expect(told(access(made, owner.mapping, 'write'))).toBe(SIGBUS);
    expect(write(made, OLD)).toBe(BUG);
  });

  test.each(KERNEL_NAMES)('a PTE by a private store, which copies: of free System RAM, %s', (kernel) => {
    const { made, owner } = stale(kernel, { flags: ['private'], touched: 'read' });
    const store = { type: 'access', mapping: owner.mapping, kind: 'write', offset: 0, length: 4096 } as const;
    expect(answered(made, store)).toBe(kernel === 'v7.3' ? 'outcome_unknown' : 'ok');
  });

  test('a PTE by a private store, which copies: the eviction of its inode is not known (S11)', () => {
    const rig = ext4('v7.3');
    const { pid, mapping } = rig.mapper({ small: true, flags: ['private'], touched: 'read' });
    removeDevice(rig.made);
    rig.made.run({ type: 'bind', dax_device: DEVICE });
    access(rig.made, mapping, 'write', { page: 7 });
    const { lost_refs, lost_ptes } = found(rig.made.host.tables.dax_devices.get(DEVICE));
    const [extent] = found([...rig.made.host.tables.files.values()][0]).extents;
    expect([lost_refs, lost_ptes]).toEqual([[], [[found(extent).pfn + 7, 1]]]);
    rig.made.run({ type: 'exit_process', pid });
    expect(answered(rig.made, { type: 'umount', mount: rig.mount, lazy: false })).toBe('outcome_unknown');
  });

  test('pages of the next file system by MADV_DONTNEED: a line for each that no mapping of it has', () => {
    const rig = ext4('v7.3');
    const { mapping } = rig.mapper({ small: true });
    removeDevice(rig.made);
    rig.made.run({ type: 'bind', dax_device: DEVICE });
    expect(badPages(access(rig.made, mapping, 'madvise_dontneed', { pages: 2 }))).toBe(2);
    expect(badPages(access(rig.made, mapping, 'madvise_dontneed', { pages: 2 }))).toBe(0);
    expect(badPages(access(rig.made, mapping, 'madvise_dontneed', { pages: 512 }))).toBe(LINES_MAX);
  });
});
