import type { Command } from '../src/engine/model/command.ts';
import type { Host } from '../src/engine/model/host.ts';
import { onCopies } from './copies.ts';
import { build, removeWhole, run } from './engine.ts';
import { GIB } from './fleet.ts';
import type { Report } from './report.ts';
import type { RowId } from './rows.ts';
import { measureSlope } from './slopes.ts';
import { cpuMs, median } from './statistics.ts';
import { renamed } from './write_hosts.ts';

const SIZES = [160, 800, 4_000, 20_000] as const;
const MANY = 20_000;
const TWENTY = 20;
const ROUNDS = 7;
const ONES = 21;
const PAGE = 4096;

/**
 * 20 000 windows onto the pfns of another owner, of one process, of twenty and of one each: the bind that opens them, the
 * exits that close them, and what ends one of them. In the engine: decided and applied.
 */
export async function benchExposures(report: Report): Promise<void> {
  await closing(report, 'windows_open', 'windows_close', 1);
  await closing(report, 'windows_open_20', 'windows_close_20', TWENTY);
  await closing(report, 'windows_open_each', 'windows_close_each', MANY);
  await one(report, 'window_munmap', mapped(MANY, 1), (host) =>
    [...host.tables.mappings.keys()].map((mapping) => ({ type: 'munmap', mapping })),
  );
  await one(report, 'window_unpin', pinned(MANY), (host) =>
    [...host.tables.pins.keys()].map((pin) => ({ type: 'unpin', pin })),
  );
  await measureSlope(
    report,
    'windows_slope',
    SIZES,
    onCopies(MANY, (windows) => unbound(mapped(windows, 1)), bind),
  );
  await measureSlope(
    report,
    'exposures_slope',
    SIZES,
    onCopies(
      MANY,
      (processes) => unbound(mapped(processes, processes)),
      (host, processes) => {
        bind(host);
        exitAll(host, processes);
      },
    ),
  );
}

/** The bind, and then the exits, on copies of a host that was built before. */
async function closing(report: Report, opened: RowId, closed: RowId, processes: number): Promise<void> {
  const host = unbound(mapped(MANY, processes));
  const spent: Record<'open' | 'close', number[]> = { open: [], close: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const copy = renamed(host, 'bench');
    spent.open.push(await cpuMs(() => bind(copy)));
    spent.close.push(await cpuMs(() => exitAll(copy, processes)));
  }
  report.measured(opened, median(spent.open), `median of ${String(ROUNDS)}`);
  report.measured(closed, median(spent.close), `median of ${String(ROUNDS)}, with all that an exit does`);
}

function bind(host: Host): void {
  run(host, NEXT_OWNER);
}

function exitAll(host: Host, processes: number): void {
  for (let pid = 1; pid <= processes; pid += 1) run(host, { type: 'exit_process', pid });
}

/** One of as many windows after another. */
async function one(
  report: Report,
  id: RowId,
  commands: readonly Command[],
  endsOf: (host: Host) => readonly Command[],
): Promise<void> {
  const host = unbound(commands);
  run(host, NEXT_OWNER);
  const ends = endsOf(host);
  const spent: number[] = [];
  for (let at = 0; at < ONES; at += 1) spent.push(await cpuMs(() => run(host, ends[at * 500]!)));
  report.measured(id, median(spent), `median of ${String(ONES)}`);
}

const NEXT_OWNER: Command = { type: 'bind', dax_device: 'pmem0', mode: 'fsdax', tenant: 'next' };

function unbound(commands: readonly Command[]): Host {
  const host = build(commands);
  removeWhole(host);
  return host;
}

/** Every other page of a file on ext4, mapped on its own: v6.12 leaves the entries to the unbind. */
function mapped(windows: number, processes: number): Command[] {
  const commands: Command[] = [
    { type: 'create_host', name: 'bench', kernel: 'v6.12' },
    { type: 'create_dax_device', name: 'pmem0', mode: 'fsdax', size: GIB },
    { type: 'create_mount', dax_device: 'pmem0', path: '/mnt', fs_type: 'ext4', dax: 'always', mkfs: true },
    { type: 'create_file', mount: 'm2', path: '/file', size: 2 * windows * PAGE },
    ...crowd(processes),
  ];
  for (let at = 0; at < windows; at += 1) {
    const place = { pid: 1 + (at % processes), offset: 2 * at * PAGE, length: PAGE };
    commands.push({ ...onePage, ...place, file: 'f3' });
  }
  return commands;
}

/** Every other page of a device-dax, held by a longterm pin: v6.12 leaves pins to their holders. */
function pinned(windows: number): Command[] {
  const length = 2 * windows * PAGE;
  const commands: Command[] = [
    { type: 'create_host', name: 'bench', kernel: 'v6.12' },
    { type: 'create_dax_device', name: 'pmem0', mode: 'devdax', size: GIB, align: PAGE },
    ...crowd(1),
    { ...onePage, pid: 1, dax_device: 'pmem0', offset: 0, length },
  ];
  const pin = { type: 'create_pin', pid: 1, mapping: 'v1', kind: 'longterm', holder: 'xdp' } as const;
  for (let at = 0; at < windows; at += 1) commands.push({ ...pin, offset: 2 * at * PAGE, length: PAGE });
  return commands;
}

function crowd(processes: number): Command[] {
  return Array.from({ length: processes }, (_, at) => {
    return { type: 'create_process', pid: at + 1, comm: 'bench', sigbus: 'handled' } as const;
  });
}

const onePage = {
  type: 'create_mapping',
  flags: ['shared'],
  prot: 'rw',
  page_size: PAGE,
  populate: 'read',
} as const;
