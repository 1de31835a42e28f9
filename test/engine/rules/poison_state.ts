import { answered, every, on, type Rule, told, touch } from '../observe.ts';
import {
  baseOf,
  counters,
  CURRENT_ONLY,
  ends,
  fail,
  NEW,
  NODE_COUNTERS,
  poison,
  scene,
  story,
} from '../poison.ts';
import { DAX, mounted, rmapbt } from '../rig.ts';
import {
  access,
  addDevice,
  addMapper,
  addProcess,
  DEVICE,
  found,
  machine,
  MIB,
  outcomeOf,
  PAGE,
  removeDevice,
  type Machine,
} from '../support.ts';

const PAGE_5 = { page: 5, source: 'madvise', by: 'caller' } as const;
const CHECK_5 = { page: 5, source: 'mce' } as const;
function rebind({ made }: { made: Machine }, dax_device = DEVICE): void {
  removeDevice(made, { dax_device });
  made.run({ type: 'bind', dax_device });
}

/** Pages that nobody maps, badblocks, counters, log, and a removal afterwards. */
export const STATE_RULES: readonly Rule[] = [
  {
    rule: 'M25',
    about: 'hard_offline_page goes the way of corrupt-pfn',
    act: (kernel) =>
      story(scene(kernel, 'ext4', { early: { mce_kill: 'early' } }), { page: 5, source: 'debugfs' }),
    cells: every('ok: nobody; early 1 pmd', {
      ...on(['force-unmap-v5.12', 'v6.1', 'v6.12'], 'ok: early AO 21 +5; early none'),
      'v7.3': 'ok: early AO 21 +0; early none',
    }),
  },
  {
    rule: 'M27',
    about: 'a page in no DAX entry: EBUSY, Failed, no flag',
    act: (kernel) =>
      (['ext4', 'xfs', 'devdax'] as const)
        .map((what) => {
          const at = scene(kernel, what, { one: { touched: 'none' } });
          return `${ends(fail(at, CHECK_5))}; ${counters(at)}; flags ${poison(at).split(' ')[1]!}`;
        })
        .join(' / '),
    cells: every(
      'EBUSY, dax page: Failed x1; 0 kB; flags none, / EBUSY, dax page: Failed x1; 0 kB; flags none, / EBUSY, dax page: Failed x1; 0 kB; flags none,',
      {
        'v6.1':
          'EBUSY, dax page: Failed x1; 4 kB; flags none, / EBUSY, dax page: Failed x1; 4 kB; flags none, / EBUSY, dax page: Failed x1; 4 kB; flags none,',
        ...on(
          NODE_COUNTERS,
          'EBUSY, dax page: Failed x1; 4 kB, node0 total 1 failed 1; flags none, / EBUSY, dax page: Failed x1; 4 kB, node0 total 1 failed 1; flags none, / EBUSY, dax page: Failed x1; 4 kB, node0 total 1 failed 1; flags none,',
        ),
      },
    ),
  },
  {
    rule: 'M28',
    about: 'xfs with rmapbt: a file block without an entry, and a free block: 0, no flag',
    act: (kernel) => {
      const at = scene(kernel, 'rmapbt', { one: { touched: 'none' } });
      return `${[5, 2000].map((page) => ends(fail(at, { page, source: 'debugfs' }))).join(' / ')}; ${counters(at)}; ${poison(at)}`;
    },
    cells: every(
      'EBUSY, dax page: Failed x1 / EBUSY, dax page: Failed x1; 0 kB; flags none, badblocks none',
      {
        'v6.1': 'ok, dax page: Recovered x1 / ok, dax page: Recovered x1; 8 kB; flags none, badblocks none',
        ...on(
          NODE_COUNTERS,
          'ok, dax page: Recovered x1 / ok, dax page: Recovered x1; 8 kB, node0 total 2 recovered 2; flags none, badblocks none',
        ),
      },
    ),
  },
  {
    rule: 'M29',
    about: 'xfs with rmapbt: metadata shuts the file system down',
    act: (kernel) => {
      const at = scene(kernel, 'rmapbt', { one: {} });
      const end = ends(fail({ ...at, base: 0 }, { page: 3, source: 'debugfs' }));
      const [mount] = at.made.host.tables.mounts.values();
      const { fs_state, shutdown_reason } = found(mount);
      return `${end}; ${fs_state} ${shutdown_reason ?? ''}; ${counters(at)}`;
    },
    cells: every('EBUSY, dax page: Failed x1; alive ; 0 kB', {
      'v6.1': 'EUCLEAN, dax page: Failed x1; shutdown on-disk corruption (0x10); 4 kB',
      ...on(
        NODE_COUNTERS,
        'EUCLEAN, dax page: Failed x1; shutdown on-disk corruption (0x10); 4 kB, node0 total 1 failed 1',
      ),
    }),
  },
  {
    rule: 'M38',
    about: 'a flagged DAX page is handled in full again',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { caller: {} });
      return `${story(at, PAGE_5)} / ${story(at, PAGE_5)}; ${counters(at)}`;
    },
    cells: every('ok: caller AR 21 +5; caller none / ok: caller AR 21 +5; caller none; 0 kB', {
      'v6.1': 'ok: caller AR 21 +5; caller none / ok: caller AR 21 +5; caller none; 8 kB',
      'v6.12':
        'ok: caller AR 21 +5; caller none / ok: caller AR 21 +5; caller none; 8 kB, node0 total 2 recovered 2',
      'v7.3':
        'ok: caller AR 21 +0; caller none / ok: caller AR 21 +0; caller none; 8 kB, node0 total 2 recovered 2',
    }),
  },
  {
    rule: 'M39',
    about: 'a namespace without struct pages',
    act: (kernel) =>
      (['raw', 'sector'] as const)
        .map((mode) => {
          const made = machine(kernel);
          addDevice(made, { mode });
          const at = { made, device: DEVICE, base: 0, who: {} };
          const report = fail(at, { page: 5, source: 'mce' });
          return `${ends(report)}; ${report.kernel_log.at(-1)!.replace(/0x\w+/, 'PFN')}; ${counters(at)}`;
        })
        .join(' / '),
    cells: every(
      'ENXIO, memory outside kernel control x1; Memory failure: PFN: memory outside kernel control; 0 kB / ENXIO, memory outside kernel control x1; Memory failure: PFN: memory outside kernel control; 0 kB',
      {
        'v6.12':
          'ENXIO, memory outside kernel control x1; Memory failure: PFN: memory outside kernel control; 0 kB, node0 / ENXIO, memory outside kernel control x1; Memory failure: PFN: memory outside kernel control; 0 kB, node0',
        'v7.3':
          'EBUSY, non struct page pfn: Ignored x1; Memory failure: PFN: recovery action for non struct page pfn: Ignored; 0 kB, node0 / EBUSY, non struct page pfn: Ignored x1; Memory failure: PFN: recovery action for non struct page pfn: Ignored; 0 kB, node0',
      },
    ),
  },
  {
    rule: 'M42',
    about: 'software injection adds none',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { caller: {} });
      fail(at, PAGE_5);
      fail(at, { page: 6, source: 'debugfs' });
      return poison(at).split(', ')[1]!;
    },
    cells: every('badblocks none'),
  },
  {
    rule: 'M43',
    about: 'e820, virtio-pmem and CXL: a machine check adds none',
    act: (kernel) =>
      (['e820', 'virtio-pmem', 'CXL'] as const)
        .filter((provider) => provider !== 'CXL' || NEW.some((one) => one === kernel))
        .map((provider) => {
          const made = machine(kernel);
          addDevice(made, { provider });
          const at = { made, device: DEVICE, base: 0, who: {} };
          fail(at, CHECK_5);
          return poison(at).split(', ')[1]!;
        })
        .join(' / '),
    cells: every('badblocks none / badblocks none', {
      ...on(NEW, 'badblocks none / badblocks none / badblocks none'),
    }),
  },
  {
    rule: 'M45',
    about: 'ext4, one page poisoned: HardwareCorrupted before and after unbind and bind',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { caller: {} });
      fail(at, PAGE_5);
      const before = counters(at).split(',')[0]!;
      rebind(at);
      return `${before} → ${counters(at).split(',')[0]!}`;
    },
    cells: every('0 kB → 0 kB', { 'v6.1': '4 kB → 0 kB', ...on(NODE_COUNTERS, '4 kB → 4 kB') }),
  },
  {
    rule: 'M46',
    about: 'xfs with rmapbt: the removal flags what it does not count',
    act: (kernel) => {
      const { made, mapper, file } = rmapbt(kernel);
      const caller = addMapper(made, { file: file(), length: 4 * MIB });
      mapper({ mce_kill: 'early' });
      const at = { made, device: DEVICE, base: baseOf(made, file()), who: { caller } };
      fail(at, PAGE_5);
      rebind(at);
      return counters(at).split(',')[0]!;
    },
    cells: { ...on(['v5.10'], '0 kB'), ...on(['v6.1'], '-4 kB'), ...on(NODE_COUNTERS, '4 kB') },
  },
  {
    rule: 'M47',
    about: 'nodeN/memory_failure of the numa_node, not of the target_node',
    act: (kernel) => {
      const { made, mapper, file } = mounted(kernel, { device: { numa_node: 0, target_node: 1 } });
      const at = { made, device: DEVICE, base: baseOf(made, file()), who: { caller: mapper() } };
      const before = counters(at).split(', ')[1] ?? 'absent';
      fail(at, PAGE_5);
      return `${before} → ${counters(at).split(', ')[1] ?? 'absent'}`;
    },
    cells: every('absent → absent', { ...on(NODE_COUNTERS, 'node0 → node0 total 1 recovered 1') }),
  },
  {
    rule: 'M48',
    about: 'HardwareCorrupted after one DAX page',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { caller: {} });
      fail(at, PAGE_5);
      return counters(at).split(',')[0]!;
    },
    cells: every('0 kB', { ...on(NEW, '4 kB') }),
  },
  {
    rule: 'M49',
    about: 'the log of one page, and how many recovery lines 20 pages leave',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { caller: {} });
      const one = fail(at, PAGE_5).kernel_log.map((line) =>
        line.replace(/0x\w+/g, 'N').replace(/:\d+/, ':PID'),
      );
      const many = fail(at, { pages: 20, source: 'debugfs' }).kernel_log.filter((line) =>
        line.includes('recovery'),
      );
      return `${one.join(' | ')} | ${String(many.length)}`;
    },
    cells: every(
      'Injecting memory failure for pfn N at process virtual address N | Memory failure: N: Sending SIGBUS to probe:PID due to hardware memory corruption | Memory failure: N: recovery action for dax page: Recovered | 20',
      {
        ...on(
          ['force-unmap', 'force-unmap-v5.10', 'force-unmap-v5.12'],
          'Injecting memory failure for pfn N at process virtual address N | Memory failure: N: Sending SIGBUS to probe:PID due to hardware memory corruption | Memory failure: N: recovery action for dax page: Recovered | 10',
        ),
      },
    ),
  },
  {
    rule: 'M50',
    about: 'xfs with rmapbt: the SIGBUS line names the first pfn of the entry',
    act: (kernel) => {
      const at = scene(kernel, 'rmapbt', { early: { mce_kill: 'early' } });
      const { base_pfn } = found(at.made.host.tables.dax_devices.get(DEVICE));
      return fail(at, CHECK_5)
        .kernel_log.map((line) => Number(/0x\w+/.exec(line)![0]) - base_pfn - at.base)
        .join(' ');
    },
    cells: on(NEW, '0 5'),
  },
  {
    rule: 'M60',
    about: 'a stale PMD entry: gup meets it before memory_failure() does',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { caller: {} });
      removeDevice(at.made);
      return touch(at.made, found(at.who.caller), 'madvise_hwpoison', { page: 5 });
    },
    cells: every('EFAULT', {
      ...on(['force-unmap-v5.10', 'force-unmap-v5.12'], 'oops __gup_device_huge'),
      'v7.3': 'oops try_grab_folio_fast, vm_normal_folio_pmd',
    }),
  },
  {
    rule: 'M59',
    about: 'a stale PTE entry',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { caller: { small: true } });
      removeDevice(at.made);
      return touch(at.made, found(at.who.caller), 'madvise_hwpoison', { page: 5 });
    },
    cells: every('spins', { 'force-unmap': 'EFAULT', 'v7.3': 'oops try_grab_folio_fast, __zap_vma_range' }),
  },
  {
    rule: 'M142',
    about: 'ext4, one page poisoned by software, then unbound: as without poison',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { caller: {}, early: { mce_kill: 'early' } });
      fail(at, PAGE_5);
      const { caller, early } = at.who;
      for (const one of [caller, early]) access(at.made, found(one).mapping, 'read', { page: 5 });
      removeDevice(at.made);
      return [caller, early].map((one) => touch(at.made, found(one), 'read', { page: 5 })).join(' ');
    },
    cells: every('old data old data', {
      ...on(['force-unmap', 'force-unmap-v5.12'], 'SIGBUS BUS_ADRERR SIGBUS BUS_ADRERR'),
    }),
  },
  {
    rule: 'M143',
    about: 'devdax, one page poisoned, then unbound and bound',
    act: (kernel) => {
      const at = scene(kernel, 'devdax', { caller: {} });
      fail(at, PAGE_5);
      const { state } = removeDevice(at.made, { dax_device: DAX });
      const gone = touch(at.made, found(at.who.caller), 'read', { page: 5 });
      const again = answered(at.made, { type: 'bind', dax_device: DAX });
      return `${state}, ${gone}, ${again}, ${poison(at)}`;
    },
    cells: every('completed, SIGBUS BUS_ADRERR, ok, flags none, badblocks none'),
  },
  {
    rule: 'M145',
    about: 'corrupt-pfn of a pfn without a memory map: ENXIO, and not a word in the log',
    act: (kernel) => {
      const made = machine(kernel);
      addDevice(made, { mode: 'raw' });
      const at = { made, device: DEVICE, base: 0, who: {} };
      const report = fail(at, { page: 5, source: 'debugfs' });
      return `${ends(report)}; ${String(report.kernel_log.length)} lines; ${counters(at).split(',')[0]!}`;
    },
    cells: every('ENXIO, invalid pfn x1; 0 lines; 0 kB'),
  },
  {
    rule: 'M146',
    about: 'devdax: badblocks of a machine check, in sectors from the start of the data',
    act: (kernel) => {
      const at = scene(kernel, 'devdax', { caller: {} });
      return fail(at, { page: 517, source: 'mce' })
        .badblocks.map(({ offset, length }) => `${String(offset)} ${String(length)}`)
        .join();
    },
    cells: every('4136 1', { ...on(NEW, '4136 8') }),
  },
  {
    rule: 'M170',
    about: 'xfs with rmapbt on v5.10 has no hook: machine check, badblock, madvise, pread, pwrite as ext4',
    act: (kernel) => {
      const { made, mapper, file } = rmapbt(kernel);
      const early = mapper({ mce_kill: 'early' });
      const at = { made, device: DEVICE, base: baseOf(made, file()), who: { early } };
      const words = `${story(at, CHECK_5)}; ${story(at, { page: 6, source: 'madvise', by: 'early' })}`;
      const io = { type: 'file_io', file: file(), pid: addProcess(made), offset: 5 * PAGE } as const;
      const calls = (['pread', 'pwrite'] as const).map((kind) =>
        told(outcomeOf(made.run({ ...io, kind, length: PAGE }))),
      );
      return `${words}; ${calls.join(' ')}; ${poison(at)}`;
    },
    cells: {
      ...on(
        CURRENT_ONLY,
        'ok: nobody; early 1 pmd; ok: early AR 21 +6; early none; EIO EIO; flags 5+2, badblocks 40+1',
      ),
      ...on(
        ['force-unmap-v5.12'],
        'ok: early AO 21 +5; early none; ok: early AR 12 +6; early none; EIO EIO; flags 5+2, badblocks 40+1',
      ),
    },
  },
];
