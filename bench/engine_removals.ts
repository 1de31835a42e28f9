import { ask } from '../src/engine/ask.ts';
import type { Host } from '../src/engine/model/host.ts';
import { KERNEL_NAMES, type FsType } from '../src/engine/model/vocabulary.ts';
import { onCopies } from './copies.ts';
import { removeWhole } from './engine.ts';
import { extents } from './fleet.ts';
import type { Report } from './report.ts';
import { cpuMs, interleaved, median, slopeOf } from './statistics.ts';

const ROUNDS = 7;
const COMPARED = 1e5;
const SIZES = [1e3, 1e4, 1e5, 1e6] as const;
type Spent = Readonly<Record<(typeof SIZES)[number], number>>;

/**
 * A whole removal in the engine, decided and applied, by extents: where the process is told and unmapped (xfs), and where
 * its entries stay (ext4). Of the two the worse is told. And the comparison of all kernels.
 */
export async function benchEngineRemovals(report: Report): Promise<void> {
  const [xfs, ext4] = [await spentOn('xfs'), await spentOn('ext4')];
  for (const [id, size] of [
    ['extents_1e5', 1e5],
    ['extents_1e6', 1e6],
  ] as const) {
    const [ours, others] = [xfs, ext4].map((spent) => (spent[size] * 1e6) / size) as [number, number];
    report.measured(id, Math.max(ours, others), `xfs ${ours.toFixed(0)} ns, ext4 ${others.toFixed(0)} ns`);
  }
  const [ours, others] = [slope(xfs), slope(ext4)];
  report.measured('extents_slope', Math.max(ours, others), `${told('xfs', xfs)}; ${told('ext4', ext4)}`);
  const host = extents('bench', COMPARED);
  const { compared } = await interleaved(ROUNDS, { compared: () => cpuMs(() => compare(host)) });
  report.measured('compare_1e5', median(compared), `median of ${String(compared.length)}`);
}

/** Medians of milliseconds by size. */
async function spentOn(fs_type: FsType): Promise<Spent> {
  const cpu = onCopies(1e6, (size) => extents('bench', size, 'shared', fs_type), removeWhole);
  const measures = SIZES.map((size) => [String(size), (round = -1) => cpu(size, round)] as const);
  for (const [, remove] of measures.slice(0, 2)) await remove();
  const values = await interleaved(ROUNDS, Object.fromEntries(measures));
  return Object.fromEntries(SIZES.map((size) => [size, median(values[String(size)]!)])) as unknown as Spent;
}

function slope(spent: Spent): number {
  return slopeOf(SIZES.map((size) => [size, spent[size]]));
}

function told(name: string, spent: Spent): string {
  return `${name} ${SIZES.map((size) => `${String(size)}: ${spent[size].toPrecision(3)} ms`).join(', ')}`;
}

function compare(host: Host): void {
  const kernels = [...KERNEL_NAMES];
  const question = { type: 'compare_removals', dax_device: 'pmem0', trigger: 'unbind', kernels } as const;
  ask(host, question, { now: '', uid: () => '' });
}
