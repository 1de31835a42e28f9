import { isRefusal } from '../../../src/engine/model/refusal.ts';
import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { every, on, shape, touch, type Rule } from '../observe.ts';
import {
  blocksOf,
  fill,
  FIRST,
  NONE_ONLINE,
  offlineAll,
  ram,
  readAll,
  tellNoKernelPages,
  unbind,
  verdict,
  writeKmemState,
  writeState,
  type Ram,
} from '../ram.ts';
import { DAX } from '../rig.ts';
import { addPin, PIPE, settle } from '../support.ts';

const OLD = ['v5.10', 'force-unmap', 'force-unmap-v5.10', 'force-unmap-v5.12'] as const;
const MODERN = ['v6.12', 'v7.3'] as const;
/** Where the first memory block begins in the device. */
const HEAD = 0x108000000 - 0x101200000;

/** One page of the first block poisoned: the first that a process uses, or one that nobody does. */
function poison({ made }: Ram, page = 0): void {
  made.run({
    type: 'memory_failure',
    dax_device: DAX,
    offset: HEAD + page * 4096,
    length: 4096,
    source: 'debugfs',
  });
}

function corrupted({ made }: Ram): string {
  return `${String([...made.host.tables.hosts.values()][0]!.counters.HardwareCorrupted_kB)} kB`;
}

function kmemStateOf({ made }: Ram): string {
  return String(made.host.tables.dax_devices.get(DAX)!.kmem_state);
}

function unplug(kernel: KernelName, pinned: boolean): string {
  const own = ram(kernel, { host: { auto_online_blocks: 'online' }, online: NONE_ONLINE });
  tellNoKernelPages(own.made);
  const owner = fill(own);
  if (pinned) addPin(own.made, owner, PIPE);
  const word = writeKmemState(own, 'unplugged');
  return `${word}, ${blocksOf(own)}, ${shape(own.made, owner)}`;
}

/** Memory blocks: states, zones, poison, and the state attribute of v7.3. */
export const KMEM_BLOCK_RULES: readonly Rule[] = [
  {
    rule: 'M81',
    about: 'poisoned page in an online block: offline, unbind kmem, touch it, touch another',
    act: (kernel) => {
      const own = ram(kernel);
      const owner = fill(own);
      poison(own);
      const left = `${offlineAll(own.made)}, ${verdict(unbind(own))}`;
      return `${left}; ${touch(own.made, owner, 'read')} / ${touch(own.made, owner, 'read', { page: 1 })}`;
    },
    cells: every('ok, completed, contained, 0 signals; SIGBUS BUS_MCEERR_AR / ok'),
  },
  {
    rule: 'M82',
    about: 'offline block that holds a poisoned page: online',
    act: (kernel) => {
      const own = ram(kernel);
      poison(own);
      offlineAll(own.made);
      return writeState(own.made, FIRST, 'online_movable');
    },
    cells: every('ok', on(MODERN, 'EHWPOISON')),
  },
  {
    rule: 'M83',
    about: 'poisoned system-ram block removed: HardwareCorrupted before and after',
    act: (kernel) => {
      const own = ram(kernel);
      poison(own);
      const before = corrupted(own);
      offlineAll(own.made);
      unbind(own);
      return `${before}, ${corrupted(own)}`;
    },
    cells: every('4 kB, 0 kB'),
  },
  {
    rule: 'M84',
    about: 'kmem bound, blocks online and used: unplugged; with a page pinned',
    act: (kernel) => `${unplug(kernel, false)} / ${unplug(kernel, true)}`,
    cells: every('ENOENT, 7 online Normal, 1024 pte / ENOENT, 7 online Normal, 1024 pte', {
      'v7.3': 'ok, none, 1024 anon / dax_device_busy, 7 online Normal, 1024 pte',
    }),
  },
  {
    rule: 'M85',
    about: 'state online: online / online_movable / offline; then unplugged, unplugged, online_movable',
    act: (kernel) => {
      const own = ram(kernel, { host: { auto_online_blocks: 'online' }, online: NONE_ONLINE });
      tellNoKernelPages(own.made);
      const first = (['online', 'online_movable', 'offline'] as const).map((to) => writeKmemState(own, to));
      const then = (['unplugged', 'unplugged', 'online_movable'] as const).map((to) =>
        writeKmemState(own, to),
      );
      return `${first.join(' / ')}; ${then.join(', ')}: ${kmemStateOf(own)}, ${blocksOf(own)}`;
    },
    cells: { 'v7.3': 'ok / EBUSY / EINVAL; ok, ok, ok: online_movable, 7 online_movable Movable' },
  },
  {
    rule: 'M147',
    about: 'echo online > memoryN/state: alone, between movable blocks, between blocks of zone Normal',
    act: (kernel) => {
      const around = (state: 'online_movable' | 'online_kernel') => [
        [FIRST, state] as const,
        [FIRST + 2, state] as const,
        [FIRST + 1, 'online'] as const,
      ];
      const alone = blocksOf(ram(kernel, { online: [[FIRST, 'online']] }));
      const movable = blocksOf(ram(kernel, { online: around('online_movable') }));
      return `${alone} / ${movable} / ${blocksOf(ram(kernel, { online: around('online_kernel') }))}`;
    },
    cells: every(
      '1 online Normal, 6 offline / 1 online_movable Movable, 1 online Movable, 1 online_movable Movable, 4 offline / ' +
        '1 online_kernel Normal, 1 online Normal, 1 online_kernel Normal, 4 offline',
    ),
  },
  {
    rule: 'M75',
    about: 'the node lost all its memory: the next page that the process touches',
    act: (kernel) => {
      const own = ram(kernel);
      const owner = fill(own, { touched: 'none' });
      offlineAll(own.made);
      const decision = own.made.try({
        type: 'access',
        mapping: owner.mapping,
        offset: 0,
        length: 1,
        kind: 'write',
      });
      return isRefusal(decision) ? decision.code : shape(own.made, owner);
    },
    cells: every('1 anon', on(OLD, 'outcome_unknown')),
  },
  {
    rule: 'M80',
    about: 'online block with a page that is pinned: offline; the pin goes',
    act: (kernel) => {
      const own = ram(kernel);
      const owner = fill(own);
      const pin = addPin(own.made, owner, PIPE);
      const word = writeState(own.made, FIRST, 'offline');
      const again = writeState(own.made, FIRST, 'offline');
      own.made.run({ type: 'unpin', pin });
      return `${word}, ${again}; ${blocksOf(own)}, ${readAll(own, owner)}`;
    },
    cells: every(
      'blocked in offline_pages, blocked in offline_pages; 1 offline, 6 online_movable Movable, ok',
    ),
  },
  {
    rule: 'M159',
    about: 'an offline that waits for a pin, then unbind kmem; the pin goes',
    act: (kernel) => {
      const own = ram(kernel);
      const pin = addPin(own.made, fill(own), PIPE);
      writeState(own.made, FIRST, 'offline');
      const waiting = unbind(own);
      const step = waiting.steps.find(({ state }) => state === 'waiting');
      own.made.run({ type: 'unpin', pin });
      const after = settle(own.made);
      return `${waiting.state} in ${String(step?.result['wait_in'])}; ${after.state}, ${String(after.verdict)}`;
    },
    cells: every('waiting in remove_memory; completed, leaked'),
  },
];
