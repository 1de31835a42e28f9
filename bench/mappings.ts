import { ask } from '../src/engine/ask.ts';
import type { Command } from '../src/engine/model/command.ts';
import type { Host } from '../src/engine/model/host.ts';
import { onCopies } from './copies.ts';
import { build, removeWhole, run } from './engine.ts';
import { crowd, extents, pinnedCrowd } from './fleet.ts';
import type { Report } from './report.ts';
import type { RowId } from './rows.ts';
import { measureSlope } from './slopes.ts';
import { cpuMs, median } from './statistics.ts';

const SIZES = [160, 800, 4_000, 20_000] as const;
const ASKED_SIZES = [250, 500, 1_000, 2_000] as const;
const MANY = 20_000;
const ASKED_MAX = 2_000;
const ONES = 21;

/** Exit, kill, fork and a question by how many mappings there are; and what is done to one among 20 000. */
export async function benchMappings(report: Report): Promise<void> {
  await measureSlope(
    report,
    'exit_slope',
    SIZES,
    onCopies(MANY, (count) => build(crowd('bench', count, 'one')), exit),
  );
  await measureSlope(
    report,
    'fork_slope',
    SIZES,
    onCopies(MANY, (count) => build(crowd('bench', count, 'one')), fork),
  );
  await measureSlope(
    report,
    'kill_slope',
    SIZES,
    onCopies(MANY, (count) => build(crowd('bench', count, 'each')), removeWhole),
  );
  await measureSlope(
    report,
    'pins_slope',
    SIZES,
    onCopies(MANY, (count) => build(pinnedCrowd('bench', count)), removeWhole),
  );
  const handled = (count: number): Host => build(pinnedCrowd('bench', count, 'handled'));
  await measureSlope(report, 'holders_slope', ASKED_SIZES, onCopies(ASKED_MAX, handled, survey));
  await measureSlope(
    report,
    'holes_slope',
    SIZES,
    onCopies(MANY, (count) => extents('bench', count), fill),
  );
  const host = handled(MANY);
  await one(report, 'access_one', host, (at) => {
    return { type: 'access', mapping: mappingOf(at), kind: 'write', offset: 0, length: 1 };
  });
  await one(report, 'unpin_one', host, (at) => ({ type: 'unpin', pin: `p${String(5 + 2 * at)}` }));
  await one(report, 'munmap_one', host, (at) => ({ type: 'munmap', mapping: mappingOf(at) }));
}

/** The ids of pinnedCrowd(), whose mappings and pins are made in turn. */
const mappingOf = (at: number): string => `v${String(4 + 2 * at)}`;

const exit = (host: Host): unknown => run(host, { type: 'exit_process', pid: 1 });
const fork = (host: Host): unknown =>
  run(host, { type: 'create_process', pid: MANY + 1, comm: 'bench', parent_pid: 1 });
const fill = (host: Host): unknown => {
  const { length } = host.tables.mappings.get('v4')!;
  return run(host, { type: 'access', mapping: 'v4', kind: 'write', offset: 0, length });
};
const survey = (host: Host): unknown =>
  ask(host, { type: 'survey_holders', dax_device: 'pmem0' }, { now: '', uid: () => '' });

/** Among as many others, one after another. */
async function one(report: Report, id: RowId, host: Host, command: (at: number) => Command): Promise<void> {
  const spent: number[] = [];
  for (let at = 0; at < ONES; at += 1) spent.push(await cpuMs(() => run(host, command(at * 500))));
  report.measured(id, median(spent), `median of ${String(ONES)}`);
}
