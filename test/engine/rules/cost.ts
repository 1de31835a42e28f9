import type { RemovalRecord } from '../../../src/engine/model/removal.ts';
import type { KernelName } from '../../../src/engine/model/vocabulary.ts';
import { atRest, on, type Rule } from '../observe.ts';
import type { Refused } from '../refused.ts';
import { mounted } from '../rig.ts';
import { MIB, removeDevice } from '../support.ts';

interface Workload {
  readonly fs: 'ext4' | 'xfs_rmapbt';
  readonly by: 'pte' | 'pmd';
  readonly mib: number;
  readonly early_kill?: 0 | 1;
}

interface Cost {
  readonly removal: RemovalRecord;
  readonly kills: number;
  readonly pid: number;
}

/** The recorded machine: a device of 4352 MiB, one process that has dirtied a file through its mapping. */
function remove(kernel: KernelName, { fs, by, mib, early_kill = 0 }: Workload): Cost {
  const xfs = { fs_type: 'xfs', rmapbt: true } as const;
  const mount = fs === 'ext4' ? {} : xfs;
  const rig = mounted(kernel, { early_kill, device: { size: 4352 * MIB }, mount });
  rig.file('/a', mib * MIB);
  const { pid } = rig.mapper({ length: mib * MIB, touched: 'write', small: by === 'pte' });
  const removal = removeDevice(rig.made);
  return { removal, kills: removal.report.simulated_kernel_cost.terms.kills, pid };
}

function seconds(kernel: KernelName, workload: Workload): number {
  return remove(kernel, workload).removal.report.simulated_kernel_cost.seconds ?? NaN;
}

/** The recorded seconds where the estimate's range holds them, else the range. */
function told({ removal }: Cost, recorded: number): string {
  const { range, reason } = removal.report.simulated_kernel_cost;
  if (range === null) return `not told: ${String(reason)}`;
  const [low, high] = range;
  return low <= recorded && recorded <= high
    ? `${String(recorded)} s`
    : `${String(low)} to ${String(high)} s`;
}

const SERIES = ['force-unmap', 'force-unmap-v5.10', 'force-unmap-v5.12'] as const;
const GIB: Pick<Workload, 'fs' | 'mib'> = { fs: 'xfs_rmapbt', mib: 1024 };
/** What the recording says, and how far off the fit may be: ± 40 % of 6.1, a factor 2.5 for 2 MiB entries of 6.12. */
const RATIOS: Readonly<Partial<Record<KernelName, readonly [ratio: number, within: number]>>> = {
  'v6.1': [2.3, 1.4],
  'v6.12': [26, 2.5],
};

function entrySizes(kernel: KernelName): string {
  const ratio = seconds(kernel, { ...GIB, by: 'pte' }) / seconds(kernel, { ...GIB, by: 'pmd' });
  const [recorded, within] = RATIOS[kernel] ?? [NaN, NaN];
  if (Number.isNaN(ratio)) return 'not told';
  const near = recorded / within <= ratio && ratio <= recorded * within;
  return `${String(near ? recorded : ratio)} : 1`;
}

const M136: Readonly<Partial<Record<KernelName, readonly (readonly [mib: number, recorded: number])[]>>> = {
  'v5.10': [[512, 0.73]],
  'force-unmap-v5.10': [[512, NaN]],
  'force-unmap-v5.12': [[512, 1.07]],
  'v6.1': [
    [128, 0.29],
    [1024, 1.05],
  ],
  'v6.12': [
    [128, 3.73],
    [512, 14.44],
    [1024, 28.48],
  ],
};

function bySize(kernel: KernelName): string {
  const costs = (M136[kernel] ?? []).map(([mib, recorded]) => {
    const cost = remove(kernel, { fs: 'xfs_rmapbt', by: 'pte', mib });
    return `${told(cost, recorded)}, ${atRest(cost.removal, cost.pid)}`;
  });
  return costs.join(' → ');
}

const M137: Readonly<Partial<Record<KernelName, number>>> = {
  'v5.10': 0.53,
  'force-unmap-v5.10': 1.47,
  'force-unmap-v5.12': 1.08,
  'v6.1': 0.45,
  'v6.12': 0.49,
  'v7.3': 0.66,
};

/** Section F: what a removal costs the kernel, against the recordings cost-*. */
export const COST_RULES: readonly Rule[] = [
  {
    rule: 'M135',
    about: 'xfs with rmapbt, 1 GiB: cost by 4 KiB entries against 2 MiB entries, within what the fit is off',
    act: entrySizes,
    cells: { 'v6.1': '2.3 : 1', 'v6.12': '26 : 1', ...on([...SERIES, 'v7.3'], 'not told') },
  },
  {
    rule: 'M136',
    about: 'xfs with rmapbt, 4 KiB entries: the recorded seconds lie in the estimate; signals',
    act: bySize,
    cells: {
      'v5.10': '0.73 s, none',
      'force-unmap-v5.10': 'not told: no such removal was recorded on this kernel, none',
      'force-unmap-v5.12': '1.07 s, none',
      'v6.1': '0.29 s, none → 1.05 s, none',
      'v6.12': '3.73 s, AO lsb 12 x32768 → 14.44 s, AO lsb 12 x131072 → 28.48 s, AO lsb 12 x262144',
    },
  },
  {
    rule: 'M136',
    about: 'xfs with rmapbt, 4 KiB entries: the cost of what is unmapped is linear in entries',
    act: (kernel) => {
      const [one, eight] = [128, 1024].map((mib) => seconds(kernel, { fs: 'xfs_rmapbt', by: 'pte', mib }));
      return ((eight! - 0.17) / (one! - 0.17)).toFixed(2);
    },
    cells: { 'v6.12': '8.00' },
  },
  {
    rule: 'M137',
    about: 'ext4, 1 GiB by 4 KiB entries, early_kill 0: the recorded seconds lie in the estimate; signals',
    act: (kernel) => {
      const cost = remove(kernel, { fs: 'ext4', by: 'pte', mib: 1024 });
      return `${told(cost, M137[kernel] ?? NaN)}, ${atRest(cost.removal, cost.pid)}`;
    },
    cells: {
      'v5.10': '0.53 s, none',
      'force-unmap-v5.10': '1.47 s, none',
      'force-unmap-v5.12': '1.08 s, none',
      'v6.1': '0.45 s, none',
      'v6.12': '0.49 s, none',
      'v7.3': '0.66 s, none',
    },
  },
  {
    rule: 'M155',
    about: 'xfs with rmapbt and more than one AG, 1 GiB by 2 MiB entries (v7.3: 128 MiB): time',
    act: (kernel) => {
      const mib = kernel === 'v7.3' ? 128 : 1024;
      const cost = remove(kernel, { fs: 'xfs_rmapbt', by: 'pmd', mib });
      return `${cost.removal.state}, ${told(cost, kernel === 'v6.1' ? 0.45 : 1.1)}`;
    },
    cells: {
      'v6.1': 'completed, 0.45 s',
      'v6.12': 'completed, 1.1 s',
      'v7.3': 'stuck, not told: the removal never ends',
    },
  },
  {
    rule: 'M158',
    about: 'ext4, 1 GiB mapped, early_kill 1, by 2 MiB / by 4 KiB entries: time, kills',
    act: (kernel) =>
      (['pmd', 'pte'] as const)
        .map((by) => {
          const cost = remove(kernel, { fs: 'ext4', by, mib: 1024, early_kill: 1 });
          return `${told(cost, by === 'pmd' ? 4.18 : 65.68)}, ${String(cost.kills)} kills`;
        })
        .join(' / '),
    cells: { 'force-unmap-v5.12': '4.18 s, 512 kills / 65.68 s, 262144 kills' },
  },
];

/** All rows of section F are answered; what the text marks `?` is told as no estimate, with the reason. */
export const COST_REFUSED: readonly Refused[] = [];
