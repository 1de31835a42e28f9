import type { KernelName } from '../src/engine/model/vocabulary.ts';
import { removeWhole } from './engine.ts';
import { withExtents, type Layout } from './extents.ts';
import { GIB, TIB } from './fleet.ts';
import type { Report } from './report.ts';
import type { RowId } from './rows.ts';
import { cpuMs, median } from './statistics.ts';

const LONG: Layout = { fs_type: 'ext4', level: 'pte', size: 64 * TIB, sigbus: 'handled' };
const LAYOUTS: Readonly<Record<string, Layout>> = {
  'ext4, long tables': LONG,
  'the same on 1 GiB': { ...LONG, size: GIB },
  'the same, 2 MiB entries': { ...LONG, level: 'pmd' },
  'device-dax': { ...LONG, fs_type: 'devdax', level: 'pmd' },
  'xfs, long tables, killed': { ...LONG, fs_type: 'xfs', sigbus: 'default' },
  'ext4, 100 extents a mapping': { ...LONG, each: 100 },
  'xfs, 100 extents a mapping, killed': { ...LONG, fs_type: 'xfs', sigbus: 'default', each: 100 },
};
const KERNELS: readonly KernelName[] = ['v5.10', 'v6.12', 'v7.3'];
const ROUNDS = 3;

/** What an extent costs a removal in the engine, decided and applied, as tables lie and processes fare. */
export async function benchSweep(report: Report): Promise<void> {
  await worst(report, 'sweep_1e5', 100_000, ROUNDS);
  await worst(report, 'sweep_1e6', 1_000_000, 1);
}

/** The layout and kernel that cost most, and what the others do. */
async function worst(report: Report, id: RowId, extents: number, rounds: number): Promise<void> {
  const all: [name: string, nanoseconds: number][] = [];
  for (const [name, layout] of Object.entries(LAYOUTS)) {
    for (const kernel of KERNELS) {
      const spent: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const made = withExtents(kernel, layout, extents);
        spent.push(await cpuMs(() => removeWhole(made)));
      }
      all.push([`${name} on ${kernel}`, (1e6 * median(spent)) / extents]);
    }
  }
  const most = Math.max(...all.map(([, nanoseconds]) => nanoseconds));
  report.measured(id, most, all.map(([name, ns]) => `${name}: ${ns.toFixed(0)}`).join('; '));
}
