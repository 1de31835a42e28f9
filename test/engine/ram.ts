import type { CreateDaxDevice } from '../../src/engine/model/device_command.ts';
import type { CreateHost } from '../../src/engine/model/host_command.ts';
import type { KmemState, MemoryBlockState } from '../../src/engine/model/vocabulary.ts';
import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import type { MemoryRange } from '../../src/engine/model/host.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { answered, told } from './observe.ts';
import { DAX } from './rig.ts';
import {
  access,
  addDevice,
  addMapper,
  machine,
  MIB,
  removeDevice,
  type Machine,
  type Mapper,
  type MapperOptions,
} from './support.ts';

/** The device of the recordings: 1006 MiB, of which 7 blocks of 128 MiB lie inside. */
export const RECORDED = {
  name: DAX,
  mode: 'devdax',
  size: 1054867456,
  phys_addr: '0x101200000',
  target_node: 1,
} as const;
/** The N of its first memory block. */
export const FIRST = 33;
const BLOCKS = [0, 1, 2, 3, 4, 5, 6].map((at) => FIRST + at);

export interface Ram {
  readonly made: Machine;
  /** Log lines of the probe. */
  readonly log: readonly string[];
}

export interface RamOptions {
  readonly host?: Partial<CreateHost>;
  readonly device?: Partial<CreateDaxDevice>;
  /** Which blocks are brought online, and how; all as movable unless told. */
  readonly online?: readonly (readonly [block: number, state: MemoryBlockState])[];
}

/** A devdax that was given to kmem as the recordings do: `daxctl reconfigure-device -m system-ram`. */
export function ram(kernel: KernelName, { host, device, online }: RamOptions = {}): Ram {
  const made = machine(kernel, 0, { auto_online_blocks: 'offline', ...host });
  addDevice(made, { ...RECORDED, ...device });
  removeDevice(made, { dax_device: DAX });
  const { bind } = made.run({ type: 'bind', dax_device: DAX, mode: 'system-ram' });
  for (const [block, state] of online ?? ALL_MOVABLE) writeState(made, block, state);
  return { made, log: bind.kernel_log };
}

const ALL_MOVABLE = BLOCKS.map((block) => [block, 'online_movable'] as const);
export const NONE_ONLINE: readonly (readonly [number, MemoryBlockState])[] = [];

/** Tells of every block that is online that the kernel has nothing of its own there. */
export function tellNoKernelPages(made: Machine): void {
  for (const block of BLOCKS)
    made.run({ type: 'patch_memory_block', dax_device: DAX, block, kernel_pages: false });
}

/** `ok`, `blocked in …`, or the kernel's errno. */
export function writeState(made: Machine, block: number, state: MemoryBlockState): string {
  const decision = made.try({ type: 'patch_memory_block', dax_device: DAX, block, state });
  if (isRefusal(decision)) return decision.errno ?? decision.code;
  const { result, blocked_in } = decision.answer.memory_block;
  return result === 'ok' ? 'ok' : `blocked in ${String(blocked_in)}`;
}

/** Offlines every block; the answer of the first that is not `ok`. */
export function offlineAll(made: Machine): string {
  return BLOCKS.map((block) => writeState(made, block, 'offline')).find((word) => word !== 'ok') ?? 'ok';
}

/** A process with 4 MiB of memory on the device, filled. */
export function fill({ made }: Ram, options: MapperOptions = {}): Mapper {
  const memory = { dax_device: DAX, flags: ['private'], length: 4 * MIB } as const;
  return addMapper(made, { tenant: 'owner', touched: 'write', ...memory, ...options });
}

/** What the owner reads of all its pages. */
export function readAll({ made }: Ram, { mapping }: Mapper): string {
  return told(access(made, mapping, 'read', { pages: 1024 }));
}

export function unbind({ made }: Ram, more: Parameters<typeof removeDevice>[1] = {}): RemovalRecord {
  return removeDevice(made, { dax_device: DAX, ...more });
}

export function verdict({ state, verdict: left, report }: RemovalRecord): string {
  return `${state}, ${String(left)}, ${String(report.signals.length)} signals`;
}

/** `ok`, or the errno. */
export function rebind(
  { made }: Ram,
  how: { driver?: 'kmem' | 'device_dax' | 'dax_pmem'; mode?: 'devdax' | 'fsdax' },
) {
  return answered(made, { type: 'bind', dax_device: DAX, ...how });
}

export function rangeOf({ made }: Ram): MemoryRange | undefined {
  return made.host.tables.memory_ranges.get(DAX);
}

/** Runs of blocks as `2 offline, 5 online_movable Movable`; `none` without memory. */
export function blocksOf(own: Ram): string {
  const runs = rangeOf(own)?.blocks ?? [];
  const words = runs.map(
    ({ nr_blocks, state, zone }) => `${String(nr_blocks)} ${state}${zone === null ? '' : ` ${zone}`}`,
  );
  return words.length === 0 ? 'none' : words.join(', ');
}

/** A write to `daxX.Y/state`. */
export function writeKmemState({ made }: Ram, kmem_state: KmemState): string {
  return answered(made, { type: 'patch_dax_device', dax_device: DAX, kmem_state });
}
