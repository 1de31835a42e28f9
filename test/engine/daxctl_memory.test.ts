import { describe, expect, test } from 'vitest';
import { inReaddirOrder } from '../../src/engine/device/kmem/readdir_order.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { DAX } from './rig.ts';
import {
  blocksOf,
  fill,
  FIRST,
  NONE_ONLINE,
  ram,
  readAll,
  RECORDED,
  tellNoKernelPages,
  writeState,
  type Ram,
} from './ram.ts';
import { addPin, removeDevice } from './support.ts';

type Verb = 'online_memory' | 'offline_memory';

/** What the tool did, or its refusal. */
function ask({ made }: Ram, type: Verb, more: { no_movable?: boolean } = {}): string {
  const decision = made.try({ type, dax_device: DAX, ...more });
  if (isRefusal(decision)) return [decision.code, decision.errno ?? ''].join(' ').trim();
  const { result, errno, written, memory_blocks } = decision.answer.memory;
  const { online, total, movable } = memory_blocks;
  return `${errno ?? result}: ${String(written)} written, ${String(online)}/${String(total)} online, movable ${String(movable)}`;
}

/** What nobody knows of a block but the operator. */
function tell({ made }: Ram, block: number, kernel_pages: boolean | null): void {
  made.run({ type: 'patch_memory_block', dax_device: DAX, block, kernel_pages });
}

test('a directory of sysfs lists its names as a machine did (6.18, /sys/devices/system/memory)', () => {
  const numbers = [
    188, 99, 121, 32, 60, 3, 178, 89, 111, 22, 50, 168, 79, 101, 12, 196, 40, 158, 69, 186, 97, 148, 59, 1,
  ];
  const recorded = numbers.map((number) => `memory${String(number)}`);
  expect(inReaddirOrder([...recorded].sort())).toEqual(recorded);
});

describe('[KM25] daxctl online-memory and offline-memory', () => {
  test('bring all blocks online as movable, and take them offline; what a process has there stays its own', () => {
    const own = ram('v6.12', { online: NONE_ONLINE });
    expect(ask(own, 'online_memory')).toBe('ok: 7 written, 7/7 online, movable true');
    const owner = fill(own);
    expect(ask(own, 'online_memory')).toBe('tool_refused');
    expect(ask(own, 'offline_memory')).toBe('ok: 7 written, 0/7 online, movable null');
    expect(readAll(own, owner)).toBe('ok');
  });

  test('leave alone what is so already', () => {
    const own = ram('v6.12', { online: [[34, 'online_kernel']] });
    expect(ask(own, 'online_memory')).toBe('ok: 6 written, 7/7 online, movable false');
    expect(blocksOf(own)).toBe('1 online_movable Movable, 1 online_kernel Normal, 5 online_movable Movable');
  });

  test('with no_movable each block as `online` would: Normal, but between movable ones', () => {
    const own = ram('v6.12', { online: NONE_ONLINE });
    expect(ask(own, 'online_memory', { no_movable: true })).toBe('ok: 7 written, 7/7 online, movable false');
    expect(blocksOf(own)).toBe('7 online Normal');
    const between = ram('v6.12', {
      online: [
        [34, 'online_movable'],
        [36, 'online_movable'],
      ],
    });
    ask(between, 'online_memory', { no_movable: true });
    // 35 comes before 33, which would otherwise make zone Normal reach over it.
    expect(blocksOf(between)).toBe(
      '1 online Normal, 1 online_movable Movable, 1 online Movable, 1 online_movable Movable, 3 online Normal',
    );
  });

  test('[M151] refuse where kmem has nothing to offer', () => {
    const own = ram('v7.3', { host: { auto_online_blocks: 'online' }, online: NONE_ONLINE });
    tellNoKernelPages(own.made);
    own.made.run({ type: 'patch_dax_device', dax_device: DAX, kmem_state: 'unplugged' });
    expect([ask(own, 'online_memory'), ask(own, 'offline_memory')]).toEqual(['tool_refused', 'tool_refused']);
  });
});

describe('[KM26] daxctl stops at the first block that is refused', () => {
  const ONLINE = [33, 34, 35, 36, 37, 38, 39].map((block) => [block, 'online_kernel'] as const);

  test('those before it, by the hash of their names, stay as written', () => {
    const own = ram('v6.12', { online: ONLINE });
    tellNoKernelPages(own.made);
    tell(own, 33, true);
    // 39, 37, 35, and then 33.
    expect(ask(own, 'offline_memory')).toBe('EBUSY: 3 written, 4/7 online, movable false');
    const offline = [35, 37, 39].map((block) => writeState(own.made, block, 'online'));
    expect(offline).toEqual(['ok', 'ok', 'ok']);
    tell(own, 39, true);
    expect(ask(own, 'offline_memory')).toBe('tool_refused EBUSY');
  });

  test('before a poisoned one, from v6.12', () => {
    for (const [kernel, answer] of [
      ['v6.1', 'ok: 7 written, 7/7 online, movable true'],
      ['v6.12', 'EHWPOISON: 3 written, 3/7 online, movable true'],
    ] as const) {
      const own = ram(kernel);
      const offset = 33 * 2 ** 27 - Number(RECORDED.phys_addr);
      own.made.run({ type: 'memory_failure', dax_device: DAX, offset, length: 4096, source: 'debugfs' });
      ask(own, 'offline_memory');
      expect(ask(own, 'online_memory')).toBe(answer);
    }
  });

  test('what nobody knows of a block is not known of the verb, unless it stops before', () => {
    const own = ram('v6.12', { online: ONLINE });
    tellNoKernelPages(own.made);
    tell(own, 33, null);
    expect(ask(own, 'offline_memory')).toBe('outcome_unknown');
    tell(own, 35, true);
    expect(ask(own, 'offline_memory')).toBe('EBUSY: 2 written, 5/7 online, movable false');
  });

  test('where its numbers are not told the order is not known', () => {
    const own = ram('v6.12', { device: { phys_addr: null, size: 2 ** 30 }, online: NONE_ONLINE });
    expect(ask(own, 'online_memory', { no_movable: true })).toBe('ok: 8 written, 8/8 online, movable false');
    const [range] = [...own.made.host.tables.memory_ranges.values()];
    const first = range!.base_pfn / 2 ** 15;
    tell(own, first, true);
    expect(ask(own, 'offline_memory')).toBe('outcome_unknown');
    for (let at = 1; at < 8; at += 1) tell(own, first + at, true);
    expect(ask(own, 'offline_memory')).toBe('tool_refused EBUSY');
  });
});

test('[KM21] a verb that would wait for a pin, an offline or a removal is refused', () => {
  const own = ram('v5.10');
  const owner = fill(own);
  addPin(own.made, owner, { kind: 'longterm', holder: 'io_uring' });
  expect(ask(own, 'offline_memory')).toBe('dax_device_busy');
  writeState(own.made, FIRST, 'offline');
  expect(ask(own, 'online_memory')).toBe('dax_device_busy');
  removeDevice(own.made, { dax_device: DAX });
  expect(ask(own, 'online_memory')).toBe('removal_in_progress');
  expect(isRefusal(own.made.try({ type: 'online_memory', dax_device: 'dax9.9' }))).toBe(true);
});
