import { every, on, type Rule, shape, touch } from '../observe.ts';
import {
  baseOf,
  counters,
  eachFs,
  ends,
  fail,
  NEW,
  NODE_COUNTERS,
  partOfFolio,
  poison,
  scene,
  signals,
  story,
} from '../poison.ts';
import { rmapbt } from '../rig.ts';
import { access, addPin, DEVICE, fork, found, PIPE, UMEM } from '../support.ts';

const FOUR = { caller: {}, plain: {}, small: { small: true }, early: { mce_kill: 'early' } } as const;
const PAGE_5 = { page: 5, source: 'madvise', by: 'caller' } as const;
const CHECK_5 = { page: 5, source: 'mce' } as const;
/** Nobody is told and nothing unmapped, whatever the kernel. */
function checkedAlone(flags: string, badblocks: string): string {
  return `ok, dax page: Recovered x1, nobody, 1 pmd, flags ${flags}, badblocks ${badblocks}`;
}

/** Who is told of one page, what is unmapped, what is flagged and counted. */
export const VICTIM_RULES: readonly Rule[] = [
  {
    rule: 'M1',
    about: 'MADV_HWPOISON of one page, early_kill 0',
    act: (kernel) => eachFs((what) => story(scene(kernel, what, FOUR), PAGE_5)),
    cells: every(
      'ok: caller AR 21 +5; caller none, plain none, small none, early none / ok: caller AR 21 +5; caller none, plain none, small none, early none / ok: caller AR 21 +5; caller none, plain none, small none, early none',
      {
        ...on(
          ['force-unmap-v5.12', 'v6.1', 'v6.12'],
          'ok: caller AR 21 +5, early AO 21 +5; caller none, plain none, small none, early none / ok: caller AR 21 +5, early AO 21 +5; caller none, plain none, small none, early none / ok: caller AR 21 +5, early AO 21 +5; caller none, plain none, small none, early none',
        ),
        'v7.3':
          'ok: caller AR 21 +0, early AO 21 +0; caller none, plain none, small none, early none / ok: caller AR 21 +0, early AO 21 +0; caller none, plain none, small none, early none / ok: caller AR 21 +5, early AO 21 +5; caller none, plain none, small none, early none',
      },
    ),
  },
  {
    rule: 'M1',
    about: 'the caller by 4 KiB: its page goes, and a 2 MiB entry over it whole; early policies by theirs',
    act: (kernel) => {
      const who = { plain: {}, early: { mce_kill: 'early' }, caller: { small: true } } as const;
      const { early: _early, ...nobody } = who;
      return [who, nobody].map((own) => story(scene(kernel, 'ext4', own), PAGE_5)).join(' / ');
    },
    cells: every(
      'ok: caller AR 12 +5; plain none, early none, caller 511 pte / ok: caller AR 12 +5; plain none, caller 511 pte',
      {
        ...on(
          ['force-unmap-v5.12', 'v6.1', 'v6.12'],
          'ok: early AO 21 +5, caller AR 12 +5; plain none, early none, caller none / ok: caller AR 12 +5; plain none, caller 511 pte',
        ),
        'v7.3':
          'ok: early AO 21 +0, caller AR 12 +0; plain none, early none, caller none / ok: caller AR 12 +0; plain none, caller 511 pte',
      },
    ),
  },
  {
    rule: 'M2',
    about: 'as M1 with vm.memory_failure_early_kill=1; SIGBUS at default kills',
    act: (kernel) => {
      const who = { caller: {}, small: { small: true }, frail: { sigbus: 'default' } } as const;
      return eachFs((what) => story(scene(kernel, what, who, 1), PAGE_5));
    },
    cells: every(
      'ok: caller AR 21 +5; caller none, small none, frail none / ok: caller AR 21 +5; caller none, small none, frail none / ok: caller AR 21 +5; caller none, small none, frail none',
      {
        ...on(
          ['force-unmap-v5.12', 'v6.1', 'v6.12'],
          'ok: caller AR 21 +5, small AO 12 +5, frail AO 21 +5 dies; caller none, small none, frail dead / ok: caller AR 21 +5, small AO 12 +5, frail AO 21 +5 dies; caller none, small none, frail dead / ok: caller AR 21 +5, small AO 12 +5, frail AO 21 +5 dies; caller none, small none, frail dead',
        ),
        'v7.3':
          'ok: caller AR 21 +0, small AO 12 +0, frail AO 21 +0 dies; caller none, small none, frail dead / ok: caller AR 21 +0, small AO 12 +0, frail AO 21 +0 dies; caller none, small none, frail dead / ok: caller AR 21 +5, small AO 12 +5, frail AO 21 +5 dies; caller none, small none, frail dead',
      },
    ),
  },
  {
    rule: 'M3',
    about: 'who maps the file and never touched the page is not signalled',
    act: (kernel) => story(scene(kernel, 'ext4', { caller: {}, idle: { touched: 'none' } }, 1), PAGE_5),
    cells: every('ok: caller AR 21 +5; caller none, idle none', {
      'v7.3': 'ok: caller AR 21 +0; caller none, idle none',
    }),
  },
  {
    rule: 'M4',
    about: 'fork copies no file entries: the child is not signalled',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { parent: {} }, 1);
      const child = fork(at.made, found(at.who.parent).pid);
      return story({ ...at, who: { ...at.who, child } }, { page: 5, source: 'madvise', by: 'parent' });
    },
    cells: every('ok: parent AR 21 +5; parent none, child none', {
      'v7.3': 'ok: parent AR 21 +0; parent none, child none',
    }),
  },
  {
    rule: 'M5',
    about: 'a clean private mapping is a victim like a shared one',
    act: (kernel) => story(scene(kernel, 'ext4', { caller: {}, clean: { flags: ['private'] } }, 1), PAGE_5),
    cells: every('ok: caller AR 21 +5; caller none, clean none', {
      ...on(
        ['force-unmap-v5.12', 'v6.1', 'v6.12'],
        'ok: caller AR 21 +5, clean AO 21 +5; caller none, clean none',
      ),
      'v7.3': 'ok: caller AR 21 +0, clean AO 21 +0; caller none, clean none',
    }),
  },
  {
    rule: 'M6',
    about: 'a page copied on write stays; from v7.3 on its owner is signalled',
    act: (kernel) => {
      const at = scene(kernel, 'rmapbt', { caller: {}, cow: { flags: ['private'], touched: 'cow' } }, 1);
      return story(at, { page: 0, source: 'madvise', by: 'caller' });
    },
    cells: every('ok: caller AR 21 +0; caller none, cow 1 anon', {
      'v7.3': 'ok: caller AR 21 +0, cow AO 12 +0; caller none, cow 1 anon',
    }),
  },
  {
    rule: 'M7',
    about: 'PR_MCE_KILL_LATE is left out with early_kill 1',
    act: (kernel) =>
      story(scene(kernel, 'ext4', { late: { mce_kill: 'late' }, early: { mce_kill: 'early' } }, 1), CHECK_5),
    cells: every('ok: nobody; late 1 pmd, early 1 pmd', {
      ...on(['force-unmap-v5.12', 'v6.1', 'v6.12'], 'ok: early AO 21 +5; late none, early none'),
      'v7.3': 'ok: early AO 21 +0; late none, early none',
    }),
  },
  {
    rule: 'M8',
    about: 'AO with SIGBUS blocked stays pending, ignored is lost',
    act: (kernel) => {
      const who = { blocked: { sigbus: 'blocked' }, ignored: { sigbus: 'ignored' } } as const;
      return story(scene(kernel, 'ext4', who, 1), CHECK_5);
    },
    cells: every('ok: nobody; blocked 1 pmd, ignored 1 pmd', {
      ...on(
        ['force-unmap-v5.12', 'v6.1', 'v6.12'],
        'ok: blocked AO 21 +5 pending, ignored AO 21 +5 ignored; blocked none, ignored none',
      ),
      'v7.3': 'ok: blocked AO 21 +0 pending, ignored AO 21 +0 ignored; blocked none, ignored none',
    }),
  },
  {
    rule: 'M9',
    about: 'AR kills a caller that blocks or ignores SIGBUS',
    act: (kernel) =>
      (['blocked', 'ignored'] as const)
        .map((sigbus) => story(scene(kernel, 'ext4', { caller: { sigbus } }), PAGE_5))
        .join(' / '),
    cells: every('ok: caller AR 21 +5 dies; caller dead / ok: caller AR 21 +5 dies; caller dead', {
      'v7.3': 'ok: caller AR 21 +0 dies; caller dead / ok: caller AR 21 +0 dies; caller dead',
    }),
  },
  {
    rule: 'M12',
    about: 'the whole 2 MiB by madvise: a step a page, or (v7.3) one a folio',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { caller: {}, early: { mce_kill: 'early' } });
      return `${story(at, { pages: 512, source: 'madvise', by: 'caller' })}; ${counters(at)}; ${poison(at)}`;
    },
    cells: every('ok: caller AR 21 +0 x512; caller none, early none; 0 kB; flags 0+512, badblocks none', {
      'force-unmap-v5.12':
        'ok: caller AR 21 +0 x512, early AO 21 +0; caller none, early none; 0 kB; flags 0+512, badblocks none',
      'v6.1':
        'ok: caller AR 21 +0 x512, early AO 21 +0; caller none, early none; 2048 kB; flags 0+512, badblocks none',
      'v6.12':
        'ok: caller AR 21 +0 x512, early AO 21 +0; caller none, early none; 2048 kB, node0 total 512 recovered 512; flags 0+512, badblocks none',
      'v7.3':
        'ok: caller AR 21 +0, early AO 21 +0; caller none, early none; 4 kB, node0 total 1 recovered 1; flags 0+1, badblocks none',
    }),
  },
  {
    rule: 'M13',
    about: 'debugfs on each page in turn: the first signals and unmaps, the rest are flagged and counted',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { early: { mce_kill: 'early' }, plain: {} });
      return `${story(at, { pages: 512, source: 'debugfs' })}; ${counters(at)}; ${poison(at)}`;
    },
    cells: every('ok: nobody; early 1 pmd, plain 1 pmd; 0 kB; flags 0+512, badblocks none', {
      'force-unmap-v5.12': 'ok: early AO 21 +0; early none, plain none; 0 kB; flags 0+512, badblocks none',
      'v6.1': 'ok: early AO 21 +0; early none, plain none; 2048 kB; flags 0+512, badblocks none',
      'v6.12':
        'ok: early AO 21 +0; early none, plain none; 2048 kB, node0 total 512 recovered 512; flags 0+512, badblocks none',
      'v7.3':
        'ok: early AO 21 +0; early none, plain none; 2048 kB, node0 total 512 recovered 512; flags 0+1, badblocks none',
    }),
  },
  {
    rule: 'M14',
    about: 'a machine check, nobody with an early policy: nothing unmapped, Recovered, a badblock',
    act: (kernel) =>
      eachFs((what) => {
        const at = scene(kernel, what, { plain: {} });
        const report = fail(at, CHECK_5);
        return `${ends(report)}, ${signals(at, report)}, ${shape(at.made, found(at.who.plain))}, ${poison(at)}`;
      }),
    cells: every(
      eachFs(() => checkedAlone('5+1', '40+1')),
      {
        ...on(
          ['v6.1', 'v6.12'],
          eachFs((what) => checkedAlone(what === 'rmapbt' ? '0+1' : '5+1', '40+8')),
        ),
        'v7.3': eachFs(() => checkedAlone('0+1', '40+8')),
      },
    ),
  },
  {
    rule: 'M15',
    about: 'a machine check, one PR_MCE_KILL_EARLY',
    act: (kernel) =>
      eachFs((what) => story(scene(kernel, what, { plain: {}, early: { mce_kill: 'early' } }), CHECK_5)),
    cells: every(
      'ok: nobody; plain 1 pmd, early 1 pmd / ok: nobody; plain 1 pmd, early 1 pmd / ok: nobody; plain 1 pmd, early 1 pmd',
      {
        ...on(
          ['force-unmap-v5.12', 'v6.1', 'v6.12'],
          'ok: early AO 21 +5; plain none, early none / ok: early AO 21 +5; plain none, early none / ok: early AO 21 +5; plain none, early none',
        ),
        'v7.3':
          'ok: early AO 21 +0; plain none, early none / ok: early AO 21 +0; plain none, early none / ok: early AO 21 +5; plain none, early none',
      },
    ),
  },
  {
    rule: 'M23',
    about: 'a machine check consumed by a load',
    act: (kernel) =>
      story(scene(kernel, 'ext4', { loader: {}, early: { mce_kill: 'early' } }), {
        ...CHECK_5,
        by: 'loader',
      }),
    cells: every('ok: loader AR 21 +5; loader none, early none', {
      ...on(
        ['force-unmap-v5.12', 'v6.1', 'v6.12'],
        'ok: loader AR 21 +5, early AO 21 +5; loader none, early none',
      ),
      'v7.3': 'ok: loader AR 21 +0, early AO 21 +0; loader none, early none',
    }),
  },
  {
    rule: 'M24',
    about: 'corrupt-pfn; the page reads on afterwards',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { plain: {}, early: { mce_kill: 'early' } });
      const words = story(at, { page: 5, source: 'debugfs' });
      return `${words}; ${touch(at.made, found(at.who.early), 'read', { page: 5 })}`;
    },
    cells: every('ok: nobody; plain 1 pmd, early 1 pmd; ok', {
      ...on(['force-unmap-v5.12', 'v6.1', 'v6.12'], 'ok: early AO 21 +5; plain none, early none; ok'),
      'v7.3': 'ok: early AO 21 +0; plain none, early none; ok',
    }),
  },
  {
    rule: 'M26',
    about: 'soft offline of a DAX page: EIO, nothing changes',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { caller: {} });
      const asked = [
        { page: 5, source: 'soft_offline', by: 'caller' },
        { page: 5, source: 'soft_offline' },
      ] as const;
      return `${asked.map((one) => story(at, one)).join(' / ')}; ${poison(at)}; ${counters(at)}`;
    },
    cells: every('EIO: nobody; caller 1 pmd / EIO: nobody; caller 1 pmd; flags none, badblocks none; 0 kB', {
      ...on(
        NODE_COUNTERS,
        'EIO: nobody; caller 1 pmd / EIO: nobody; caller 1 pmd; flags none, badblocks none; 0 kB, node0',
      ),
    }),
  },
  {
    rule: 'M33',
    about: 'v7.3: who maps a part of a folio without its first page is not found, alone loses nothing',
    act: (kernel) => {
      const [both, alone] = [partOfFolio(kernel), partOfFolio(kernel)];
      alone.made.run({ type: 'munmap', mapping: found(alone.who.whole).mapping });
      const { part } = alone.who;
      const asked = { page: 300, source: 'mce' } as const;
      return `${story(both, asked)} / ${story({ ...alone, who: { part: found(part) } }, asked)}`;
    },
    cells: on(['v7.3'], 'ok: whole AO 21 +0; whole none, part none / ok: nobody; part 256 pte'),
  },
  {
    rule: 'M34',
    about: 'devdax: the head of the compound page from v6.1 on',
    act: (kernel) => {
      const who = { caller: {}, plain: {}, early: { mce_kill: 'early' } } as const;
      return ([0, 1] as const).map((early) => story(scene(kernel, 'devdax', who, early), PAGE_5)).join(' / ');
    },
    cells: every(
      'ok: caller AR 21 +5; caller none, plain none, early none / ok: caller AR 21 +5; caller none, plain none, early none',
      {
        'force-unmap-v5.12':
          'ok: caller AR 21 +5, early AO 21 +5; caller none, plain none, early none / ok: caller AR 21 +5, plain AO 21 +5, early AO 21 +5; caller none, plain none, early none',
        ...on(
          NEW,
          'ok: caller AR 21 +0, early AO 21 +0; caller none, plain none, early none / ok: caller AR 21 +0, plain AO 21 +0, early AO 21 +0; caller none, plain none, early none',
        ),
      },
    ),
  },
  {
    rule: 'M36',
    about: 'devdax, a machine check, one PR_MCE_KILL_EARLY: a badblock that stops no later touch',
    act: (kernel) => {
      const at = scene(kernel, 'devdax', { plain: {}, early: { mce_kill: 'early' } });
      const words = `${story(at, CHECK_5)}; ${poison(at)}`;
      return `${words}; ${touch(at.made, found(at.who.early), 'read', { page: 5 })}`;
    },
    cells: every('ok: nobody; plain 1 pmd, early 1 pmd; flags 5+1, badblocks 40+1; ok', {
      'force-unmap-v5.12': 'ok: early AO 21 +5; plain none, early none; flags 5+1, badblocks 40+1; ok',
      ...on(NEW, 'ok: early AO 21 +0; plain none, early none; flags 0+1, badblocks 40+8; ok'),
    }),
  },
  {
    rule: 'M138',
    about: 'a page in a DAX entry that nobody maps: Recovered, flagged',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { one: {} });
      at.made.run({ type: 'munmap', mapping: found(at.who.one).mapping });
      return `${ends(fail(at, { page: 5, source: 'debugfs' }))}; ${counters(at)}; ${poison(at)}`;
    },
    cells: every('ok, dax page: Recovered x1; 0 kB; flags 5+1, badblocks none', {
      'v6.1': 'ok, dax page: Recovered x1; 4 kB; flags 5+1, badblocks none',
      'v6.12': 'ok, dax page: Recovered x1; 4 kB, node0 total 1 recovered 1; flags 5+1, badblocks none',
      'v7.3': 'ok, dax page: Recovered x1; 4 kB, node0 total 1 recovered 1; flags 0+1, badblocks none',
    }),
  },
  {
    rule: 'M139',
    about: 'devdax page faulted once, mapped by nobody now: Recovered; never faulted: EBUSY',
    act: (kernel) => {
      const at = scene(kernel, 'devdax', { one: {} });
      at.made.run({ type: 'munmap', mapping: found(at.who.one).mapping });
      return [5, 600].map((page) => ends(fail(at, { page, source: 'debugfs' }))).join(' / ');
    },
    cells: every('ok, dax page: Recovered x1 / EBUSY, dax page: Failed x1'),
  },
  {
    rule: 'M140',
    about: 'pins are not looked at',
    act: (kernel) => {
      const [file, node] = [scene(kernel, 'ext4', { caller: {} }), scene(kernel, 'devdax', { caller: {} })];
      addPin(file.made, found(file.who.caller), PIPE);
      addPin(node.made, found(node.who.caller), UMEM);
      return [file, node]
        .map(
          (at) =>
            `${story(at, { source: 'madvise', by: 'caller' })}, ${String(at.made.host.tables.pins.size)} pin`,
        )
        .join(' / ');
    },
    cells: every('ok: caller AR 21 +0; caller none, 1 pin / ok: caller AR 21 +0; caller none, 1 pin'),
  },
  {
    rule: 'M156',
    about: 'entries of the 2 MiB beside the page go too, without a signal',
    act: (kernel) => {
      const at = scene(kernel, 'ext4', { caller: {}, beside: { small: true, touched: 'none' } }, 1);
      const beside = found(at.who.beside);
      access(at.made, beside.mapping, 'read', { page: 8, pages: 4 });
      return `${story(at, PAGE_5)}; ${touch(at.made, beside, 'read', { page: 8 })}`;
    },
    cells: every('ok: caller AR 21 +5; caller none, beside none; ok', {
      'v7.3': 'ok: caller AR 21 +0; caller none, beside none; ok',
    }),
  },
  {
    rule: 'M157',
    about: 'xfs with rmapbt and four allocation groups: the exact page',
    act: (kernel) => {
      const { made, mapper, file } = rmapbt(kernel, 0, 4);
      const base = baseOf(made, file());
      return story({ made, device: DEVICE, base, who: { caller: mapper() } }, PAGE_5);
    },
    cells: on(NEW, 'ok: caller AR 21 +5; caller none'),
  },
];
