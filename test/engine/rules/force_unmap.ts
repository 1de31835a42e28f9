import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { answered, atRest, every, OLD, on, shape, SIGBUS, told, touch, type Rule } from '../observe.ts';
import { DAX, devdax, ext4, mounted, rmapbt, xfs, type Rig } from '../rig.ts';
import {
  addDevice,
  addPin,
  fileIo,
  found,
  machine,
  mountOf,
  pinCommand,
  PIPE,
  processOf,
  removeDevice,
  settle,
  UMEM,
} from '../support.ts';

const POSTED = 'force-unmap-v5.10';
const ARMED = 'force-unmap-v5.12';
const LETTER = 'force-unmap';
const SERIES = [POSTED, ARMED, LETTER] as const;
const WARNING = 'nd_pmem pmem0: DAX active at remove, trigger mass memory failure';

function ran(rig: Rig): string {
  const { report } = removeDevice(rig.made);
  return report.kernel_log.includes(WARNING) ? 'yes' : 'no';
}

function systems(kernel: KernelName): Rig[] {
  return [ext4(kernel), xfs(kernel), rmapbt(kernel)];
}

function logLines({ made, mapper }: Rig, word: string): number {
  mapper({ mce_kill: 'early' });
  return removeDevice(made).report.kernel_log.filter((line) => line.includes(word)).length;
}

/** B4: the mass memory_failure() of the posted code; `armed` is its build with v5.12's selection. */
export const MASS_FAILURE_RULES: readonly Rule[] = [
  {
    rule: 'R82',
    about: 'mounted: does the mass failure run',
    act: (kernel) => systems(kernel).map(ran).join(' '),
    cells: { 'v5.10': 'no no no', ...on(SERIES, 'yes yes yes') },
  },
  {
    rule: 'R83',
    about: 'not mounted: does the mass failure run',
    act: (kernel) => {
      const made = machine(kernel);
      addDevice(made);
      return String(removeDevice(made).report.kernel_log.length);
    },
    cells: on(SERIES, '0'),
  },
  {
    rule: 'R84',
    about: 'mounted, early_kill=1, any policy: signals; what is left',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel, 1);
      const all = (['default', 'early', 'late'] as const).map((mce_kill) => mapper({ mce_kill }));
      const removal = removeDevice(made);
      return all.map((one) => `${atRest(removal, one.pid)} ${shape(made, one)}`).join(', ');
    },
    cells: on(['v5.10', POSTED], 'none 1 pmd, none 1 pmd, none 1 pmd'),
  },
  {
    rule: 'R85',
    about: 'armed, one PR_MCE_KILL_EARLY mapper, by PMD / by PTE: unmapped for all, AO to the early one only',
    act: (kernel) =>
      [false, true]
        .map((small) => {
          const { made, mapper } = ext4(kernel);
          const [early, other] = [mapper({ mce_kill: 'early', small }), mapper({ small })];
          const removal = removeDevice(made);
          return `${atRest(removal, early.pid)}, ${atRest(removal, other.pid)}, ${shape(made, other)}`;
        })
        .join(' / '),
    cells: on([ARMED], 'AO lsb 21 x1, none, none / AO lsb 12 x512, none, none'),
  },
  {
    rule: 'R86',
    about: 'armed, nobody early: read a touched page',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const one = mapper();
      removeDevice(made);
      return touch(made, one, 'read');
    },
    cells: on([ARMED], OLD),
  },
  {
    rule: 'R87',
    about:
      'armed, early_kill=1: everybody but PR_MCE_KILL_LATE; unmapped for all; ext4, xfs, xfs with rmapbt',
    act: (kernel) =>
      [ext4(kernel, 1), xfs(kernel, 1), rmapbt(kernel, 1)]
        .map(({ made, mapper }) => {
          const [own, late] = [mapper(), mapper({ mce_kill: 'late' })];
          const removal = removeDevice(made);
          return `${atRest(removal, own.pid)}, ${atRest(removal, late.pid)}, ${shape(made, late)}`;
        })
        .join(' / '),
    cells: on([ARMED], Array(3).fill('AO lsb 21 x1, none, none').join(' / ')),
  },
  {
    rule: 'R88',
    about: 'armed, early, default disposition: killed at rest',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const { pid } = mapper({ mce_kill: 'early', sigbus: 'default' });
      return `${atRest(removeDevice(made), pid)}, ${processOf(made, pid).state}`;
    },
    cells: on([ARMED], 'AO lsb 21 x1 killed, dead'),
  },
  {
    rule: 'R89',
    about: 'armed, entry gone: touch',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const one = mapper({ mce_kill: 'early' });
      removeDevice(made);
      return `${touch(made, one, 'read')} / ${touch(made, one, 'write')}`;
    },
    cells: on([ARMED], `${SIGBUS} / ${SIGBUS}`),
  },
  {
    rule: 'R90',
    about: 'mounted: the file system is not told',
    act: (kernel) =>
      systems(kernel)
        .map((rig) => {
          rig.mapper({ mce_kill: 'early' });
          removeDevice(rig.made);
          return mountOf(rig.made, rig.mount).fs_state;
        })
        .join(' '),
    cells: on(SERIES, 'alive alive alive'),
  },
  {
    rule: 'R91',
    about: 'log: "Recovered" for the first 10 pfns / "Sending SIGBUS" for each victim and page',
    act: (kernel) => ['Recovered', 'Sending SIGBUS'].map((word) => logLines(ext4(kernel), word)).join(' / '),
    cells: { [POSTED]: '10 / 0', [ARMED]: '10 / 1' },
  },
  {
    rule: 'R92',
    about: 'pin held: the mass failure first, then the wait',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      addPin(made, mapper(), PIPE);
      const { state, steps } = removeDevice(made);
      const of = (name: string) => found(steps.find((step) => step.name === name)).state;
      return `${state}: ${of('dev_pagemap_failure')}, ${of('pgmap_drain')}`;
    },
    cells: on(SERIES, 'waiting: done, waiting'),
  },
  {
    rule: 'R93',
    about: 'mounted: HardwareCorrupted',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel, 1);
      mapper();
      removeDevice(made);
      return String(found(made.host.tables.hosts.get('h')).counters.HardwareCorrupted_kB);
    },
    cells: on(SERIES, '0'),
  },
];

/** The series as its cover letter describes it. */
export const LETTER_RULES: readonly Rule[] = [
  {
    rule: 'FU1',
    about:
      'mounted, any file system: memory_failure() over every pfn, also where it was shut down or another is on a partition',
    act: (kernel) => {
      const shut = ext4(kernel);
      shut.made.run({ type: 'shutdown_mount', mount: shut.mount });
      const part = mounted(kernel, { mount: { partition: 2 } });
      return [...systems(kernel), shut, part].map(ran).join(' ');
    },
    cells: on([LETTER], 'yes yes yes yes yes'),
  },
  {
    rule: 'FU2',
    about:
      'every translation goes: shared, private clean, MAP_SYNC, PTE, PMD; copied pages stay; never exposed',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const all = [
        mapper(),
        mapper({ flags: ['private'] }),
        mapper({ flags: ['shared', 'sync'], touched: 'write' }, '/sync'),
        mapper({ small: true, mce_kill: 'late' }, '/small'),
        mapper({ flags: ['private'], touched: 'cow' }, '/cow'),
      ];
      const { verdict, report } = removeDevice(made);
      const left = all.map((one) => shape(made, one)).join(', ');
      return `${left}; ${String(verdict)}, ${String(report.pages.still_mapped)}`;
    },
    cells: on([LETTER], 'none, none, none, none, 1 anon; contained, 0'),
  },
  {
    rule: 'FU3',
    about:
      'every process with a translation is signalled whatever its policy; AR for the remover; default dies',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const all = [
        mapper({ mce_kill: 'late' }),
        mapper({ small: true }, '/b'),
        mapper({ sigbus: 'default' }, '/c'),
        mapper({ sigbus: 'ignored' }, '/d'),
        mapper({ touched: 'none' }),
        mapper({}, '/e'),
      ];
      const removal = removeDevice(made, { by_pid: found(all.at(-1)).pid });
      return all.map(({ pid }) => `${atRest(removal, pid)} ${processOf(made, pid).state}`).join(', ');
    },
    cells: on(
      [LETTER],
      'AO lsb 21 x1 running, AO lsb 12 x512 running, AO lsb 21 x1 killed dead, AO lsb 21 x1 running, none running, AR lsb 21 x1 running',
    ),
  },
  {
    rule: 'FU4',
    about:
      'pages with translations or a DAX entry are poisoned; "Recovered" rate limited, "Sending SIGBUS" not',
    act: (kernel) => {
      const { made, mapper, file } = ext4(kernel);
      mapper();
      const once = mapper({}, '/munmapped');
      // An inode that nobody has open is evicted before.
      made.run({ type: 'open_file', pid: once.pid, file: file('/munmapped'), flags: ['rdonly'] });
      made.run({ type: 'munmap', mapping: once.mapping });
      const { report } = removeDevice(made);
      const lines = (word: string) => report.kernel_log.filter((line) => line.includes(word)).length;
      return `${String(report.pages.hwpoisoned)}; ${lines('Recovered')}, ${lines('Sending SIGBUS')}`;
    },
    cells: on([LETTER], '1024; 10, 1'),
  },
  {
    rule: 'FU5',
    about: 'a later touch: SIGBUS; file calls as v5.10',
    act: (kernel) => {
      const { made, mapper, file } = ext4(kernel);
      const one = mapper();
      removeDevice(made);
      const touches = (['read', 'write'] as const).map((kind) => touch(made, one, kind));
      const calls = (['pread', 'pwrite', 'fsync'] as const).map((kind) =>
        told(fileIo(made, one.pid, file(), kind)),
      );
      return [...touches, ...calls].join(', ');
    },
    cells: on([LETTER], `${SIGBUS}, ${SIGBUS}, ENXIO, ENXIO, EIO`),
  },
  {
    rule: 'FU6',
    about: 'with no stale translation gup neither spins nor oopses',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const both = [mapper(), mapper({ small: true }, '/b')];
      removeDevice(made);
      const kinds = ['direct_io', 'vmsplice', 'process_vm_readv', 'ptrace', 'smaps'] as const;
      return kinds.map((kind) => both.map((one) => touch(made, one, kind)).join(' ')).join(', ');
    },
    cells: on([LETTER], 'EFAULT EFAULT, EFAULT EFAULT, EFAULT EFAULT, EIO EIO, ok ok'),
  },
  {
    rule: 'FU7',
    about:
      'the removal waits for page references with the mappings already gone; fsdax refuses longterm pins',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const one = mapper();
      const longterm = answered(made, pinCommand(one, UMEM));
      const pin = addPin(made, one, PIPE);
      const { state } = removeDevice(made);
      const waiting = shape(made, one);
      made.run({ type: 'unpin', pin });
      return `${longterm}, ${state} ${waiting}, ${settle(made).state}`;
    },
    cells: on([LETTER], 'EOPNOTSUPP, waiting none, completed'),
  },
  {
    rule: 'FU8',
    about: 'device-dax: no memory_failure(), unmapped, no signal; a longterm pin holds the removal',
    act: (kernel) => {
      const { made, mapper } = devdax(kernel);
      const one = mapper();
      const pin = addPin(made, one, UMEM);
      const removal = removeDevice(made, { dax_device: DAX });
      const mass = removal.steps.some((step) => step.name === 'dev_pagemap_failure') ? 'mass' : 'no mass';
      const before = `${mass}, ${shape(made, one)}, ${atRest(removal, one.pid)}, ${removal.state}`;
      made.run({ type: 'unpin', pin });
      return `${before}, ${settle(made).state}`;
    },
    cells: on([LETTER], 'no mass, none, none, waiting, completed'),
  },
  {
    rule: 'FU12',
    about: 'orderly removal, and removal of an idle device: no memory_failure()',
    act: (kernel) => {
      const { made, mapper } = ext4(kernel);
      const one = mapper();
      made.run({ type: 'munmap', mapping: one.mapping });
      const orderly = removeDevice(made, { trigger: 'orderly_removal' }).report;
      const idle = machine(kernel);
      addDevice(idle);
      const reports = [orderly, removeDevice(idle).report];
      return reports.map(({ kernel_log, pages }) => `${kernel_log.length} ${pages.hwpoisoned}`).join(', ');
    },
    cells: every('0 0, 0 0'),
  },
];
