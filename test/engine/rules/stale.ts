import type { AccessKind, KernelName } from '../../../src/engine/model/vocabulary.ts';
import {
  every,
  fate,
  OLD,
  on,
  shape,
  SIGBUS,
  table,
  told,
  touch,
  type Cells,
  type Rule,
} from '../observe.ts';
import { ext4, type Rig } from '../rig.ts';
import { fork, outcomeOf, processOf, removeDevice, type Mapper } from '../support.ts';
import type { Command } from '../../../src/engine/model/command.ts';

const POSTED = ['force-unmap-v5.10', 'force-unmap-v5.12'] as const;
const LEVELS = ['pmd', 'pte'] as const;
type Level = (typeof LEVELS)[number];

interface Stale extends Rig {
  readonly one: Mapper;
}

/** A stale entry of a process that handles SIGBUS, and nothing else on the machine. */
function stale(kernel: KernelName, level: Level): Stale {
  const rig = ext4(kernel);
  const one = rig.mapper({ touched: 'write', small: level === 'pte' });
  removeDevice(rig.made);
  return { ...rig, one };
}

/** An operation through a stale entry, and what becomes of the process. */
function does(kernel: KernelName, kind: AccessKind, ...levels: readonly Level[]): string {
  return levels
    .map((level) => {
      const { made, one } = stale(kernel, level);
      return fate(made, one, kind);
    })
    .join(' / ');
}

function ends(kernel: KernelName, command: (one: Mapper) => Command): string {
  return LEVELS.map((level) => {
    const { made, one } = stale(kernel, level);
    const outcome = outcomeOf(made.run(command(one)));
    return `${told(outcome)}; ${processOf(made, one.pid).state}`;
  }).join(' / ');
}

const SPINS = 'spins; livelocked';
const SPIN_OF_CALLER = 'spins; running';
const FAST_OOPS = 'oops try_grab_folio_fast, ';
const STUCK_PMD = `${FAST_OOPS}vm_normal_folio_pmd; oopsed`;
const STUCK_PTE = `${FAST_OOPS}__zap_vma_range; oopsed`;

const EXIT_OOPS = 'oops vm_normal_folio_pmd; oopsed / oops __zap_vma_range; oopsed';

/** No stale entry is left under the letter's profile (FU2): its column is absent. */
function gupFast(level: Level, posted: string): Cells {
  const slow = level === 'pmd' ? 'EFAULT; running' : SPINS;
  return table(slow, { ...on(POSTED, posted), 'v7.3': level === 'pmd' ? STUCK_PMD : STUCK_PTE });
}

/** The reader of another process's memory or /proc file dies of the oops; the process itself is untouched. */
function readerDies(at: string): string {
  return `oops ${at} (caller); running`;
}

/** Operations on a stale mapping of ext4 with DAX. */
export const STALE_RULES: readonly Rule[] = [
  {
    rule: 'R127',
    about: 'stale PMD: write(2) O_DIRECT from it',
    act: (kernel) => does(kernel, 'direct_io', 'pmd'),
    cells: gupFast('pmd', 'oops __gup_device_huge; dead'),
  },
  {
    rule: 'R128',
    about: 'stale PTE: write(2) O_DIRECT from it',
    act: (kernel) => does(kernel, 'direct_io', 'pte'),
    cells: gupFast('pte', SPINS),
  },
  {
    rule: 'R129',
    about: 'stale PMD: vmsplice',
    act: (kernel) => does(kernel, 'vmsplice', 'pmd'),
    cells: gupFast('pmd', 'oops __gup_device_huge; oopsed'),
  },
  {
    rule: 'R130',
    about: 'stale PTE: vmsplice',
    act: (kernel) => does(kernel, 'vmsplice', 'pte'),
    cells: gupFast('pte', SPINS),
  },
  {
    rule: 'R131',
    about: 'stale PMD: process_vm_readv by another process',
    act: (kernel) => does(kernel, 'process_vm_readv', 'pmd'),
    cells: table('EFAULT; running', { 'v7.3': readerDies('__get_user_pages') }),
  },
  {
    rule: 'R132',
    about: 'stale PTE: process_vm_readv by another process',
    act: (kernel) => does(kernel, 'process_vm_readv', 'pte'),
    cells: table(SPIN_OF_CALLER, { 'v7.3': readerDies('follow_page_pte') }),
  },
  {
    rule: 'R133',
    about: 'stale PMD / PTE: /proc/PID/mem, ptrace peek',
    act: (kernel) => does(kernel, 'ptrace', 'pmd', 'pte'),
    cells: table(`EIO; running / ${SPIN_OF_CALLER}`, {
      'v7.3': `${readerDies('__get_user_pages')} / ${readerDies('follow_page_pte')}`,
    }),
  },
  {
    rule: 'R134',
    about: 'stale PMD / PTE: io_uring register; the entry afterwards',
    act: (kernel) =>
      LEVELS.map((level) => {
        const { made, one } = stale(kernel, level);
        return `${touch(made, one, 'io_uring_register')}, ${shape(made, one)}`;
      }).join(' / '),
    cells: table(
      'EFAULT, none / EFAULT, 512 pte',
      on(['v6.1', 'v6.12', 'v7.3'], 'EOPNOTSUPP, 1 pmd / EOPNOTSUPP, 512 pte'),
    ),
  },
  {
    rule: 'R135',
    about: 'stale PMD / PTE: madvise(MADV_HWPOISON)',
    act: (kernel) => does(kernel, 'madvise_hwpoison', 'pmd', 'pte'),
    cells: table(`EFAULT; running / ${SPINS}`, {
      ...on(POSTED, `oops __gup_device_huge; dead / ${SPINS}`),
      'v7.3': `${STUCK_PMD} / ${STUCK_PTE}`,
    }),
  },
  {
    rule: 'R136',
    about: 'stale PMD: another reads /proc/PID/smaps',
    act: (kernel) => does(kernel, 'smaps', 'pmd'),
    cells: table(readerDies('smaps_pte_range'), {
      'v6.1': readerDies('try_grab_page'),
      'v6.12': `${OLD}; running`,
    }),
  },
  {
    rule: 'R137',
    about: 'stale PTE: another reads /proc/PID/smaps',
    act: (kernel) => does(kernel, 'smaps', 'pte'),
    cells: table(`${OLD}; running`, { 'v7.3': readerDies('smaps_account') }),
  },
  {
    rule: 'R138',
    about: 'stale PMD / PTE: another reads /proc/PID/pagemap',
    act: (kernel) => does(kernel, 'pagemap', 'pmd', 'pte'),
    cells: table(`${readerDies('pagemap_pmd_range')} / ${OLD}; running`, {
      'v7.3': `${readerDies('pagemap_pmd_range')} / ${readerDies('pagemap_pmd_range')}`,
    }),
  },
  {
    rule: 'R139',
    about: 'stale PMD / PTE: another reads numa_maps',
    act: (kernel) => does(kernel, 'numa_maps', 'pmd', 'pte'),
    cells: table(`${OLD}; running / ${OLD}; running`, {
      'v7.3': `${readerDies('gather_pte_stats')} / ${readerDies('gather_pte_stats')}`,
    }),
  },
  {
    rule: 'R140',
    about: 'stale PMD / PTE: exit',
    act: (kernel) => ends(kernel, ({ pid }) => ({ type: 'exit_process', pid })),
    cells: table('ok; dead / ok; dead', { 'v7.3': EXIT_OOPS }),
  },
  {
    rule: 'R141',
    about: 'stale PMD / PTE: munmap',
    act: (kernel) => ends(kernel, ({ mapping }) => ({ type: 'munmap', mapping })),
    cells: table('ok; running / ok; running', { 'v7.3': EXIT_OOPS }),
  },
  {
    rule: 'R141',
    about: 'stale PMD / PTE: MADV_DONTNEED, and what it leaves',
    act: (kernel) => does(kernel, 'madvise_dontneed', 'pmd', 'pte'),
    cells: table('ok; running / ok; running', { 'v7.3': EXIT_OOPS }),
  },
  {
    rule: 'R142',
    about: 'stale PMD / PTE: mlock',
    act: (kernel) => does(kernel, 'mlock', 'pmd', 'pte'),
    cells: table(`${OLD}; running / ${OLD}; running`, {
      'v7.3': 'oops __get_user_pages; oopsed / oops follow_page_pte; oopsed',
    }),
  },
  {
    rule: 'R143',
    about: 'stale, shared, PMD / PTE: fork; the child reads',
    act: (kernel) =>
      LEVELS.map((level) => {
        const { made, one } = stale(kernel, level);
        return touch(made, fork(made, one.pid), 'read');
      }).join(' / '),
    cells: every(`${SIGBUS} / ${SIGBUS}`),
  },
  {
    rule: 'R144',
    about: 'stale PMD / PTE: msync',
    act: (kernel) => does(kernel, 'msync', 'pmd', 'pte'),
    cells: every('EIO; running / EIO; running'),
  },
];
