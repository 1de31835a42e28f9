import type { MemoryFailure } from '../../src/engine/model/device_command.ts';
import type { MemoryFailureReport } from '../../src/engine/memory_failure/report.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { shape } from './observe.ts';
import { DAX, devdax, ext4, rmapbt, xfs } from './rig.ts';
import {
  access,
  addProcess,
  DEVICE,
  found,
  machine,
  mappingOf,
  MIB,
  PAGE,
  processOf,
  returned,
  addDevice,
  addMapper,
  type Machine,
  type Mapper,
  type MapperOptions,
} from './support.ts';

/** A device, what of it is mapped, and processes that map it, by name. */
export interface Scene {
  readonly made: Machine;
  readonly device: string;
  /** First page of what they map, counted from the start of the device. */
  readonly base: number;
  readonly who: Readonly<Record<string, Mapper>>;
}

const FILE_SYSTEMS = { ext4, xfs, rmapbt } as const;
export type FileSystem = keyof typeof FILE_SYSTEMS;
export type Processes = Readonly<Record<string, MapperOptions>>;

/** Processes that map and read the first 2 MiB of a file of 4 MiB, or of a devdax, unless told otherwise. */
export function scene(
  kernel: KernelName,
  what: FileSystem | 'devdax',
  who: Processes,
  early_kill: 0 | 1 = 0,
): Scene {
  if (what === 'devdax') {
    const { made, mapper } = devdax(kernel, {}, early_kill);
    return { made, device: DAX, base: 0, who: all(who, mapper) };
  }
  const { made, mapper, file } = FILE_SYSTEMS[what](kernel, early_kill);
  return { made, device: DEVICE, base: baseOf(made, file()), who: all(who, mapper) };
}

/** A file of ext4 that one process maps by a folio of 2 MiB, another its second half by 4 KiB. */
export function partOfFolio(kernel: KernelName): Scene {
  const at = scene(kernel, 'ext4', { whole: { touched: 'read' } }, 1);
  const { made } = at;
  const file = mappingOf(made, found(at.who.whole).mapping).file!;
  const pid = addProcess(made);
  const half = { offset: MIB, length: MIB, flags: ['shared'], prot: 'rw' } as const;
  made.run({ type: 'create_mapping', pid, file, ...half });
  const mapping = found([...made.host.tables.mappings.values()].at(-1)).id;
  access(made, mapping, 'read', { pages: 256 });
  return { ...at, who: { ...at.who, part: { pid, mapping } } };
}

/** System RAM of 256 MiB that is online; each process has 8 pages of it. */
export function ram(kernel: KernelName, who: Processes, early_kill: 0 | 1 = 0): Scene {
  const made = machine(kernel, early_kill, { auto_online_blocks: 'online_movable' });
  addDevice(made, { name: DAX, mode: 'system-ram', size: 256 * MIB, target_node: 1 });
  const mapper = (options: MapperOptions): Mapper =>
    addMapper(made, { dax_device: DAX, length: 8 * PAGE, touched: 'write', ...options });
  return { made, device: DAX, base: 0, who: all(who, mapper) };
}

function all(who: Processes, mapper: (options: MapperOptions) => Mapper): Record<string, Mapper> {
  return Object.fromEntries(Object.entries(who).map(([name, options]) => [name, mapper(options)]));
}

/** First page of a file, counted from the start of its device. */
export function baseOf({ host }: Machine, id: string): number {
  const file = found(host.tables.files.get(id));
  return found(file.extents[0]).pfn - found(host.tables.dax_devices.get(file.dax_device)).base_pfn;
}

export interface Asked {
  readonly source: MemoryFailure['source'];
  /** Pages from the first that is mapped. */
  readonly page?: number;
  readonly pages?: number;
  /** A process by its name in the scene. */
  readonly by?: string;
}

export function poisonCommand({ device, base, who }: Scene, asked: Asked): MemoryFailure {
  const { page = 0, pages = 1, source, by } = asked;
  const by_pid = by === undefined ? {} : { by_pid: found(who[by]).pid };
  const range = { offset: (base + page) * PAGE, length: pages * PAGE };
  return { type: 'memory_failure', dax_device: device, ...range, source, ...by_pid };
}

export function fail(at: Scene, asked: Asked): MemoryFailureReport {
  return returned(at.made.run(poisonCommand(at, asked)));
}

/** `ok` or the errno, and what became of the pages: `ok, dax page: Recovered x1`. */
export function ends({ errno, action_results }: MemoryFailureReport): string {
  const words = action_results.map(({ type, result, pages }) => {
    return `${type}${result === null ? '' : `: ${result}`} x${String(pages)}`;
  });
  return [errno ?? 'ok', ...words].join(', ');
}

/** Who was signalled how: `caller AR 21 +5`, the page counted from the start of its mapping; `nobody`. */
export function signals({ made, who }: Scene, { processes }: MemoryFailureReport): string {
  const names = new Map(Object.entries(who).map(([name, one]) => [one.pid, { name, ...one }]));
  const words = processes.map((row) => {
    const { name, mapping } = found(names.get(row.pid));
    const page = Number(BigInt(row.si_addr) - addressOf(made, mapping)) / PAGE;
    const many = row.count === 1 ? '' : ` x${String(row.count)}`;
    const fate = row.killed ? ' dies' : row.fate === 'delivered' ? '' : ` ${row.fate}`;
    return `${name} ${row.si_code.slice(-2)} ${String(row.si_addr_lsb)} +${String(page)}${many}${fate}`;
  });
  return words.join(', ') || 'nobody';
}

/** Of a mapping as it was made: its process may have ended. */
function addressOf({ events }: Machine, mapping: string): bigint {
  const made = events.flatMap(({ changes }) => changes).find((one) => one.op === 'put' && one.id === mapping);
  const { address } = (made as { record: { address: string } }).record;
  return BigInt(address);
}

/** The call, who was signalled how, and what every process has left. */
export function story(at: Scene, asked: Asked): string {
  const report = fail(at, asked);
  const left = Object.entries(at.who).map(([name, one]) => `${name} ${leftOf(at, one)}`);
  return `${report.errno ?? 'ok'}: ${signals(at, report)}; ${left.join(', ')}`;
}

/** What a process has mapped, or that it is dead. */
function leftOf({ made }: Scene, one: Mapper): string {
  return processOf(made, one.pid).state === 'dead' ? 'dead' : shape(made, one);
}

/** `4 kB`, and where the kernel has them `node0 total 1 recovered 1`. */
export function counters({ made }: Scene): string {
  const [record] = made.host.tables.hosts.values();
  const { HardwareCorrupted_kB, memory_failure } = found(record).counters;
  const nodes = Object.entries(memory_failure).map(([node, counts]) => {
    const told = Object.entries(counts).filter(([, count]) => count > 0);
    return `, ${node}${told.map(([word, count]) => ` ${word} ${String(count)}`).join('')}`;
  });
  return `${String(HardwareCorrupted_kB)} kB${nodes.join('')}`;
}

/** Flagged pages and badblocks of the device, pages and sectors from the first that is mapped. */
export function poison({ made, device, base }: Scene): string {
  const { hwpoisoned, badblocks, base_pfn } = found(made.host.tables.dax_devices.get(device));
  const flags = hwpoisoned.map(([pfn, nr]) => `${String(pfn - base_pfn - base)}+${String(nr)}`);
  const bad = badblocks.map(({ offset, length }) => `${String(offset - base * 8)}+${String(length)}`);
  return `flags ${flags.join(' ') || 'none'}, badblocks ${bad.join(' ') || 'none'}`;
}

/** Groups of kernels that treat a page alike; the series on v5.12 selects its victims as v6.1 does. */
export const CURRENT_ONLY = ['v5.10', 'force-unmap', 'force-unmap-v5.10'] as const;
export const NEW = ['v6.1', 'v6.12', 'v7.3'] as const;
export const NODE_COUNTERS = ['v6.12', 'v7.3'] as const;

/** The act on a file of ext4, of xfs, and of xfs with rmapbt. */
export function eachFs(act: (what: FileSystem) => string): string {
  return (['ext4', 'xfs', 'rmapbt'] as const).map(act).join(' / ');
}
