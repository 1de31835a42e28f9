import { PROFILES } from '../../../src/engine/kernels/profiles.ts';
import type { RemovalRecord } from '../../../src/engine/model/removal.ts';
import type { AccessKind, KernelName } from '../../../src/engine/model/vocabulary.ts';
import { atRest, every, OLD, on, SIGBUS, table, touch, type Rule } from '../observe.ts';
import { rmapbt, type Rig } from '../rig.ts';
import {
  addDevice,
  addMapper,
  addProcess,
  DEVICE,
  machine,
  mountOf,
  removeDevice,
  type MapperOptions,
} from '../support.ts';

const TOLD = ['v6.1', 'v6.12', 'v7.3', 'force-unmap'] as const;
const SMALL: MapperOptions = { small: true };

function afterRemoval(rig: Rig, options: MapperOptions, ...kinds: readonly AccessKind[]): string {
  const one = rig.mapper(options);
  removeDevice(rig.made);
  return kinds.map((kind) => touch(rig.made, one, kind)).join(' / ');
}

function notified(removal: RemovalRecord, kernel: KernelName): string {
  const step = removal.steps.find((own) => own.name === 'dax_holder_notify_failure');
  const spec = PROFILES[kernel].steps.fsdax.find((own) => own.name === 'dax_holder_notify_failure');
  return step === undefined
    ? 'no such call'
    : `${step.result.holder === null ? 'no holder' : 'called'} ${String(spec?.parameters.mf_flags)}`;
}

function fsState({ made, mount }: Rig): string {
  const { fs_state, shutdown_reason } = mountOf(made, mount);
  return [fs_state, /0x\d+/.exec(shutdown_reason ?? '')?.[0] ?? ''].join(' ').trim();
}

/** xfs with rmapbt: from v6.1 it is told. */
export const RMAPBT_RULES: readonly Rule[] = [
  {
    rule: 'R53',
    about: 'xfs with rmapbt: is ->notify_failure called, with which flags',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel);
      mapper();
      return notified(removeDevice(made), kernel);
    },
    cells: every('no such call', {
      'v6.1': 'called 0',
      'v6.12': 'called MF_MEM_PRE_REMOVE',
      'v7.3': 'called MF_MEM_PRE_REMOVE',
    }),
  },
  {
    rule: 'R54',
    about: 'more than one AG, a DAX file in core outside the last: does the unbind return',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel, 0, 4);
      mapper();
      return removeDevice(made).state;
    },
    cells: every('completed', { 'v7.3': 'stuck' }),
  },
  {
    rule: 'R55',
    about:
      'while it spins: first file signalled, read faults in again, shared write blocks, private copies; others untouched',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel, 0, 4);
      const [shared, copier, other] = [mapper(), mapper({ flags: ['private'] }), mapper({}, '/b')];
      const removal = removeDevice(made);
      return [
        atRest(removal, shared.pid),
        touch(made, shared, 'read'),
        touch(made, copier, 'write'),
        touch(made, shared, 'write'),
        atRest(removal, other.pid),
        touch(made, other, 'read'),
      ].join(', ');
    },
    cells: on(['v7.3'], 'AO lsb 21 x1, ok, ok, blocks, none, ok'),
  },
  {
    rule: 'R56',
    about: 'one AG only: as v6.12',
    act: (kernel) => wholeOutcome(rmapbt(kernel)),
    cells: on(['v6.12', 'v7.3'], `AO lsb 21 x1; completed; ${SIGBUS}; shutdown 0x4`),
  },
  {
    rule: 'R57',
    about: 'files in the last AG only: as v6.12',
    act: (kernel) => {
      const rig = rmapbt(kernel, 0, 2);
      rig.file('/filler', 32 * 2 ** 20);
      return wholeOutcome(rig);
    },
    cells: on(['v6.12', 'v7.3'], `AO lsb 21 x1; completed; ${SIGBUS}; shutdown 0x4`),
  },
  {
    rule: 'R58',
    about: 'early_kill=0, nobody early: read a touched page',
    act: (kernel) => afterRemoval(rmapbt(kernel), {}, 'read'),
    cells: table(OLD, { 'v6.12': SIGBUS, 'v7.3': SIGBUS, 'force-unmap': SIGBUS }),
  },
  {
    rule: 'R59',
    about: 'early_kill=0, one PR_MCE_KILL_EARLY mapper: signals of it and of another; the other reads',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel);
      const [early, other] = [mapper({ mce_kill: 'early' }), mapper()];
      const removal = removeDevice(made);
      return `${atRest(removal, early.pid)}, ${atRest(removal, other.pid)}; ${touch(made, other, 'read', { page: 9 })}`;
    },
    cells: {
      ...on(['v5.10', 'force-unmap-v5.10'], `none, none; ${OLD}`),
      ...on(['force-unmap-v5.12', 'v6.1'], `AO lsb 21 x1, none; ${SIGBUS}`),
      ...on(['v6.12', 'v7.3', 'force-unmap'], `AO lsb 21 x1, AO lsb 21 x1; ${SIGBUS}`),
    },
  },
  {
    rule: 'R60',
    about: 'early_kill=1: who is signalled: default, early, late',
    act: (kernel) => policies(rmapbt(kernel, 1)),
    cells: {
      ...on(['v5.10', 'force-unmap-v5.10'], 'none, none, none'),
      ...on(['force-unmap-v5.12', 'v6.1'], 'AO lsb 21 x1, AO lsb 21 x1, none'),
      ...on(['v6.12', 'v7.3', 'force-unmap'], 'AO lsb 21 x1, AO lsb 21 x1, AO lsb 21 x1'),
    },
  },
  {
    rule: 'R61',
    about: 'early_kill=1, a PR_MCE_KILL_LATE mapper beside a collected one: its signal and its entry',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel, 1);
      mapper();
      const late = mapper({ mce_kill: 'late' });
      return `${atRest(removeDevice(made), late.pid)}; ${touch(made, late, 'read')}`;
    },
    cells: {
      ...on(['v5.10', 'force-unmap-v5.10'], `none; ${OLD}`),
      ...on(['force-unmap-v5.12', 'v6.1'], `none; ${SIGBUS}`),
      ...on(['v6.12', 'v7.3', 'force-unmap'], `AO lsb 21 x1; ${SIGBUS}`),
    },
  },
  {
    rule: 'R62',
    about: 'PR_MCE_KILL_LATE: signal at rest',
    act: (kernel) => signalOf(rmapbt(kernel), { mce_kill: 'late' }),
    cells: every('none', { 'v6.12': 'AO lsb 21 x1', 'v7.3': 'AO lsb 21 x1', 'force-unmap': 'AO lsb 21 x1' }),
  },
  {
    rule: 'R63',
    about: 'mapped and never touched, and its child: signal at rest',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel, 1);
      mapper();
      const idle = mapper({ touched: 'none' });
      const child = addProcess(made, { parent_pid: idle.pid });
      const removal = removeDevice(made);
      return `${atRest(removal, idle.pid)} / ${atRest(removal, child)}`;
    },
    cells: every('none / none'),
  },
  {
    rule: 'R64',
    about: 'si_addr_lsb of an early process with a PMD entry / a PTE entry',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel);
      const both = [mapper({ mce_kill: 'early' }), mapper({ mce_kill: 'early', small: true }, '/b')];
      const removal = removeDevice(made);
      return both.map(({ pid }) => atRest(removal, pid).slice(0, 9)).join(' / ');
    },
    cells: on(TOLD, 'AO lsb 21 / AO lsb 12'),
  },
  {
    rule: 'R65',
    about: '512 PTE entries, nobody by PMD: signals sent for each collected process',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel);
      const both = [mapper({ mce_kill: 'early', ...SMALL }), mapper({ mce_kill: 'early', ...SMALL })];
      const removal = removeDevice(made);
      return both.map(({ pid }) => atRest(removal, pid)).join(' / ');
    },
    cells: on(TOLD, 'AO lsb 12 x512 / AO lsb 12 x512'),
  },
  {
    rule: 'R66',
    about: 'one maps 2 MiB by PMD, another by 511 PTEs with page 0 copied: signal of the other; its entries',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel, 1);
      mapper();
      const other = mapper({ flags: ['private'], touched: 'cow' });
      const removal = removeDevice(made);
      return `${atRest(removal, other.pid)}; ${touch(made, other, 'read')}, ${touch(made, other, 'read', { page: 1 })}`;
    },
    cells: {
      ...on(['force-unmap-v5.12', 'v6.1', 'v6.12'], `none; ok, ${SIGBUS}`),
      ...on(['v7.3'], `AO lsb 12 x1; ok, ${SIGBUS}`),
    },
  },
  {
    rule: 'R67',
    about: 'default disposition, collected: killed at rest',
    act: (kernel) => signalOf(rmapbt(kernel), { mce_kill: 'early', sigbus: 'default' }),
    cells: on(TOLD, 'AO lsb 21 x1 killed'),
  },
  {
    rule: 'R68',
    about: 'the unbinding task has an entry: its signal; another reads a page of that 2 MiB',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel);
      const [own, other] = [mapper(), mapper()];
      const removal = removeDevice(made, { by_pid: own.pid });
      return `${atRest(removal, own.pid)}; ${touch(made, other, 'read')}`;
    },
    cells: every(`AR lsb 21 x1; ${SIGBUS}`, { 'v5.10': `none; ${OLD}` }),
  },
  ...(['blocked', 'ignored'] as const).map((sigbus, at) => ({
    rule: `R${String(71 + at)}`,
    about: `SIGBUS ${sigbus}: lives on at rest; the next access kills`,
    act: (kernel: KernelName) => {
      const { made, mapper } = rmapbt(kernel);
      const one = mapper({ mce_kill: 'early', sigbus });
      return `${atRest(removeDevice(made), one.pid)}; ${touch(made, one, 'read')}`;
    },
    cells: on(TOLD, `AO lsb 21 x1; ${SIGBUS}, dies`),
  })),
  {
    rule: 'R73',
    about: 'xfs with rmapbt right after the unbind: one AG / four AGs',
    act: (kernel) =>
      [1, 4]
        .map((agcount) => {
          const rig = rmapbt(kernel, 0, agcount);
          rig.mapper();
          removeDevice(rig.made);
          return fsState(rig);
        })
        .join(' / '),
    cells: every('alive / alive', {
      'v6.1': 'shutdown 0x10 / shutdown 0x10',
      'v6.12': 'shutdown 0x4 / shutdown 0x4',
      'v7.3': 'shutdown 0x4 / frozen',
    }),
  },
  {
    rule: 'R74',
    about: 'shut down before: read a touched page',
    act: (kernel) => {
      const { made, mapper, mount } = rmapbt(kernel);
      const one = mapper();
      made.run({ type: 'shutdown_mount', mount });
      removeDevice(made);
      return touch(made, one, 'read');
    },
    cells: table(OLD, { 'force-unmap': SIGBUS }),
  },
  {
    rule: 'R75',
    about: 'poisoned struct pages of in-core files: one PMD and 512 PTE entries in two files',
    act: (kernel) => {
      const { made, mapper } = rmapbt(kernel);
      mapper();
      mapper(SMALL, '/b');
      return String(removeDevice(made).report.pages.hwpoisoned);
    },
    cells: every('0', {
      'v6.1': '513',
      ...on(['force-unmap', 'force-unmap-v5.10', 'force-unmap-v5.12'], '1024'),
    }),
  },
  {
    rule: 'R76',
    about: 'a file that is not in core: nothing happens to it',
    act: (kernel) => {
      const { made, file } = rmapbt(kernel, 1, 4);
      file();
      const { state, report } = removeDevice(made);
      return `${state}, ${String(report.signals.length)}, ${String(report.pages.hwpoisoned)}`;
    },
    cells: every('completed, 0, 0'),
  },
  {
    rule: 'R78',
    about: 'a file system that its user froze: the removal returns; is it frozen still',
    act: (kernel) => {
      const { made, mount, mapper } = rmapbt(kernel);
      mapper();
      made.run({ type: 'freeze', mount });
      const { state } = removeDevice(made);
      return `${state}, ${mountOf(made, mount).frozen_by_user ? 'frozen' : 'thawed'}`;
    },
    cells: every('completed, frozen', { 'v6.12': 'completed, thawed', 'v7.3': 'completed, thawed' }),
  },
  {
    rule: 'R81',
    about: 'fsdax never mounted: the unbind succeeds',
    act: (kernel) => {
      const made = machine(kernel);
      addDevice(made);
      addMapper(made, { dax_device: DEVICE, touched: 'none' });
      const { state, verdict } = removeDevice(made);
      return `${state} ${String(verdict)}`;
    },
    cells: every('completed contained'),
  },
];

function wholeOutcome(rig: Rig): string {
  const one = rig.mapper();
  const removal = removeDevice(rig.made);
  const signal = atRest(removal, one.pid);
  return `${signal}; ${removal.state}; ${touch(rig.made, one, 'read')}; ${fsState(rig)}`;
}

function signalOf({ made, mapper }: Rig, options: MapperOptions): string {
  const { pid } = mapper(options);
  return atRest(removeDevice(made), pid);
}

function policies({ made, mapper }: Rig): string {
  const mappers = (['default', 'early', 'late'] as const).map((mce_kill) => mapper({ mce_kill }));
  const removal = removeDevice(made);
  return mappers.map(({ pid }) => atRest(removal, pid)).join(', ');
}
