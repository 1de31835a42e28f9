import { refusesBlockOffline, refusesOnline, zoneOf } from '../device/kmem/block_write.ts';
import { diesOf, waits } from '../device/kmem/offline_all.ts';
import { migrate } from '../device/kmem/offline.ts';
import { inReaddirOrder } from '../device/kmem/readdir_order.ts';
import type { Dependent } from '../model/depends_on.ts';
import type { OfflineMemory, OnlineMemory } from '../model/device_command.ts';
import type { DaxDevice, Host, MemoryRange } from '../model/host.ts';
import { findModelled } from '../model/lookup.ts';
import {
  blockName,
  blocksOf,
  countBlocks,
  firstBlock,
  nrBlocks,
  OFFLINE,
  pfnsOf,
  withBlocks,
  zoneAsked,
  type CountedBlocks,
} from '../model/memory_block.ts';
import { hotplugLock, memoryRangesOf, onlined, pinsIn } from '../model/memory_range.ts';
import { normalize } from '../model/pfn_range.ts';
import { isRefusal, refuse, toolRefuses, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { emit, patch, type Transaction } from '../model/transaction.ts';
import type { Errno } from '../model/vocabulary.ts';

/** A device, and what the tool made of its memory. */
export interface DaxctlMemory extends Dependent {
  readonly record: DaxDevice;
  readonly memory: {
    /** `errno`: it stopped at a block whose write was refused; those before it stay as it made them. */
    readonly result: 'ok' | 'errno';
    readonly errno: Errno | null;
    /** What it says of that block; null where all went. */
    readonly detail: string | null;
    /** Blocks that it wrote. */
    readonly written: number;
    readonly memory_blocks: CountedBlocks;
  };
}

/** What the tool does to the blocks of a range, one after another. */
interface Verb {
  readonly word: 'online' | 'offline';
  /** Whether what a write does depends on those before it. */
  readonly inTurn: (range: MemoryRange) => boolean;
  readonly refuses: (range: MemoryRange, at: number) => Refusal | null;
  readonly write: (range: MemoryRange, blocks: readonly number[]) => void;
}

/**
 * `daxctl online-memory`: brings what is offline of a device's memory online, to ZONE_MOVABLE or, with `no_movable`, as
 * a write of `online` does. It stops at the first block whose write is refused (KM26). Refused: the tool's own no, and
 * what would wait or cannot be known. Source: daxctl/device.c do_xline(), dev_online_memory(), v81.
 */
export function onlineMemory(tx: Transaction, command: OnlineMemory): DaxctlMemory | Refusal {
  const state = command.no_movable === true ? 'online' : 'online_movable';
  const inTurn = (range: MemoryRange): boolean => {
    const isTold = range.blocks.some(({ valid_zones }) => valid_zones !== undefined);
    return state === 'online' && (isTold || hasMovable(tx.host, range));
  };
  return xline(tx, command.dax_device, {
    word: 'online',
    inTurn,
    refuses: (range, at) => refusesOnline(tx.host, range, at),
    write: (range, blocks) => {
      const groups = inTurn(range) ? blocks.map((at) => [at]) : [blocks];
      let now = range;
      for (const group of groups) {
        const block = onlined(
          state,
          inTurn(range) ? zoneOf(tx.host, now, group[0]!, state) : zoneAsked(state),
        );
        now = patch(tx, 'memory_ranges', range.id, { blocks: withBlocks(now, group, block) });
      }
    },
  });
}

/**
 * `daxctl offline-memory`: takes what is online of a device's memory offline; its pages migrate. It stops at the first
 * block whose write is refused (KM26). Refused: as online-memory. Source: daxctl/device.c do_xline(),
 * dev_offline_memory(), v81.
 */
export function offlineMemory(tx: Transaction, { dax_device }: OfflineMemory): DaxctlMemory | Refusal {
  return xline(tx, dax_device, {
    word: 'offline',
    inTurn: () => false,
    refuses: (range, at) => refusesBlockOffline(tx.host, range, at) ?? waitsOrDies(tx.host, range, at),
    write: (range, blocks) => {
      migrate(tx, range.dax_device, normalize(blocks.map((at) => pfnsOf(range, at))));
      patch(tx, 'memory_ranges', range.id, { blocks: withBlocks(range, blocks, OFFLINE) });
    },
  });
}

/** The zone that `online` chooses hangs on the movable blocks of the node (M147). */
function hasMovable(host: Host, { node }: MemoryRange): boolean {
  const ranges = host.tables.memory_ranges.where((range) => range.node === node);
  return ranges.some(({ blocks }) => blocks.some(({ zone }) => zone === 'Movable'));
}

function waitsOrDies(host: Host, range: MemoryRange, at: number): Refusal | null {
  const wanted = pfnsOf(range, at);
  return pinsIn(host, range.dax_device, wanted).length > 0 ? waits() : diesOf(range, [wanted]);
}

function xline(tx: Transaction, name: string, verb: Verb): DaxctlMemory | Refusal {
  const device = findModelled(tx.host, name);
  if (isRefusal(device)) return device;
  if (device.driver !== 'kmem') {
    const detail = `${name}: memory operations are not applicable in devdax mode`;
    return toolRefuses('daxctl', detail, 'ENXIO');
  }
  if (device.state === 'removing') return refuse('removal_in_progress', `${name} is being removed`);
  if (hotplugLock(tx.host) !== null) return waits();
  const [range] = memoryRangesOf(tx.host, name);
  const todo = range === undefined ? [] : blocksToWrite(range, verb);
  if (range === undefined || todo.length === 0) {
    const total = String(range === undefined ? 0 : nrBlocks(range));
    return toolRefuses('daxctl', `${name}: all memory sections (${total}) already ${verb.word}`, null);
  }
  return writeEach(tx, device, range, todo, verb);
}

/** The blocks that are not yet as the verb makes them. */
function blocksToWrite({ blocks }: MemoryRange, { word }: Verb): number[] {
  return blocks.filter(({ state }) => (state === 'offline') === (word === 'online')).flatMap(blocksOf);
}

/** One block after another, as the directory of the node lists them, up to the first that is refused. */
function writeEach(
  tx: Transaction,
  device: DaxDevice,
  range: MemoryRange,
  todo: readonly number[],
  verb: Verb,
): DaxctlMemory | Refusal {
  const refusals = todo.map((at) => verb.refuses(range, at));
  const ends = new Set(refusals.map((refusal) => refusal?.code));
  if (device.phys_addr === null && (ends.size > 1 || verb.inTurn(range))) {
    return unknownOutcome(
      `the order in which daxctl writes the blocks hangs on their numbers, and no listing has told where ${device.name} lies: write each memory block`,
    );
  }
  const refusalOf = new Map(todo.map((at, index) => [at, refusals[index] ?? null]));
  const ordered = ends.size > 1 || verb.inTurn(range) ? inTurn(range, todo) : todo;
  const stop = ordered.findIndex((at) => refusalOf.get(at) !== null);
  const refusal = stop < 0 ? null : refusalOf.get(ordered[stop]!)!;
  if (refusal !== null && refusal.errno === undefined) return refusal;
  const errno = refusal?.errno ?? null;
  const detail = refusal === null ? null : `${device.name}: failed to ${verb.word} memory: ${refusal.detail}`;
  if (stop === 0) return toolRefuses('daxctl', detail!, errno);
  const done = stop < 0 ? ordered : ordered.slice(0, stop);
  verb.write(range, done);
  emit(tx, 'memory_range_changed', `dax-devices/${device.name}`, { [verb.word]: done.length });
  const memory_blocks = countBlocks(tx.host.tables.memory_ranges.get(range.id)!);
  const result = refusal === null ? 'ok' : 'errno';
  return { record: device, memory: { result, errno, detail, written: done.length, memory_blocks } };
}

/** Blocks in the order in which daxctl comes to them. Source: daxctl/lib/libdaxctl.c daxctl_memory_op(), v81. */
function inTurn(range: MemoryRange, blocks: readonly number[]): number[] {
  const named = inReaddirOrder(blocks.map((at) => blockName(range, at)));
  return named.map((name) => Number(name.slice('memory'.length)) - firstBlock(range));
}
