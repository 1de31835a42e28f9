import type { MemoryBlockRun, MemoryRange } from './host.ts';
import type { PfnRange } from './pfn_range.ts';
import { PAGE_BYTES, type MemoryBlockState } from './vocabulary.ts';

/** Blocks of a range: arithmetic on runs of blocks that are alike, never on single blocks. */
type BlockState = Omit<MemoryBlockRun, 'first' | 'nr_blocks'>;

/** Base pages of one block. */
export function blockPages(range: MemoryRange): number {
  return range.block_bytes / PAGE_BYTES;
}

/** How many blocks it has. */
export function nrBlocks(range: MemoryRange): number {
  return range.nr_pages / blockPages(range);
}

/** The N of `memoryN` of its first block: physical address by block size. */
export function firstBlock(range: MemoryRange): number {
  return range.base_pfn / blockPages(range);
}

/** Pfns of `nr_blocks` blocks from the `first`-th on. */
export function pfnsOf(range: MemoryRange, first: number, nr_blocks = 1): PfnRange {
  return [range.base_pfn + first * blockPages(range), nr_blocks * blockPages(range)];
}

/** The state of the `at`-th block. */
export function blockAt(range: MemoryRange, at: number): BlockState {
  const run = range.blocks.find(({ first, nr_blocks }) => first <= at && at < first + nr_blocks)!;
  const { first: _first, nr_blocks: _nr_blocks, ...state } = run;
  return state;
}

/** The runs with one block changed. */
export function withBlock(range: MemoryRange, at: number, state: BlockState): MemoryBlockRun[] {
  const parts = range.blocks.flatMap((run): MemoryBlockRun[] => {
    const end = run.first + run.nr_blocks;
    if (at < run.first || at >= end) return [run];
    return [
      { ...run, nr_blocks: at - run.first },
      { first: at, nr_blocks: 1, ...state },
      { ...run, first: at + 1, nr_blocks: end - at - 1 },
    ];
  });
  return mergeAlike(parts.filter((run) => run.nr_blocks > 0));
}

/** The runs with these blocks changed. O(blocks of the range). */
export function withBlocks(
  range: MemoryRange,
  blocks: readonly number[],
  state: BlockState,
): MemoryBlockRun[] {
  const changed = new Set(blocks);
  const parts = range.blocks.flatMap((run) =>
    blocksOf(run).map((at) => ({ ...(changed.has(at) ? state : run), first: at, nr_blocks: 1 })),
  );
  return mergeAlike(parts);
}

/** The blocks of a run, counted from the first of its range. */
export function blocksOf({ first, nr_blocks }: MemoryBlockRun): number[] {
  return Array.from({ length: nr_blocks }, (_, index) => first + index);
}

/** Neighbours that are alike become one run. */
export function mergeAlike(parts: readonly MemoryBlockRun[]): MemoryBlockRun[] {
  const merged: MemoryBlockRun[] = [];
  for (const run of parts) {
    const last = merged.at(-1);
    if (last !== undefined && isAlike(last, run)) {
      merged[merged.length - 1] = { ...last, nr_blocks: last.nr_blocks + run.nr_blocks };
    } else merged.push(run);
  }
  return merged;
}

function isAlike(one: BlockState, other: BlockState): boolean {
  const alike = ['state', 'zone', 'kernel_pages', 'removable', 'valid_zones'] as const;
  return alike.every((member) => one[member] === other[member]);
}

/** Runs of blocks that are online. */
export function onlineRuns(range: MemoryRange): readonly MemoryBlockRun[] {
  return range.blocks.filter((run) => run.state !== 'offline');
}

/** Pfns of the blocks that are online, ascending. */
export function onlinePfns(range: MemoryRange): PfnRange[] {
  return onlineRuns(range).map((run) => pfnsOf(range, run.first, run.nr_blocks));
}

/** A range as the kernel writes it: `0x108000000-0x13fffffff`. */
export function spelled(base_pfn: number, nr_pages: number): string {
  const address = (pfn: number) => BigInt(pfn) * BigInt(PAGE_BYTES);
  return `0x${address(base_pfn).toString(16)}-0x${(address(base_pfn + nr_pages) - 1n).toString(16)}`;
}

/** What daxctl counts: movable where every online block is in ZONE_MOVABLE, unknown where none is online,
 * or where no listing has told a zone. */
export interface CountedBlocks {
  readonly online: number;
  readonly total: number;
  readonly movable: boolean | null;
}

/** What a listing tells of them: null is untold. daxctl counts them for root alone, and before v72 for nobody. */
export type ListedBlocks = { readonly [K in keyof CountedBlocks]: CountedBlocks[K] | null };

/**
 * Blocks as a listing tells them: as many online as it counts, from the first on, for it does not say which. Without a
 * count all are taken as online, which is what a removal cannot take away; without `movable` no zone is known.
 */
export function blocksAsListed({ online, movable }: ListedBlocks, nr_blocks: number): MemoryBlockRun[] {
  const nr_online = Math.min(online ?? nr_blocks, nr_blocks);
  const state = movable === true ? 'online_movable' : 'online';
  const zone = movable === null ? null : zoneAsked(state);
  const runs: MemoryBlockRun[] = [
    { first: 0, nr_blocks: nr_online, state, zone, kernel_pages: null },
    { first: nr_online, nr_blocks: nr_blocks - nr_online, ...OFFLINE },
  ];
  return runs.filter((run) => run.nr_blocks > 0);
}

/** Counts the blocks as `daxctl list` prints them. Source: daxctl/json.c util_daxctl_dev_to_json(). */
export function countBlocks(range: MemoryRange): CountedBlocks {
  const runs = onlineRuns(range);
  const online = runs.reduce((sum, run) => sum + run.nr_blocks, 0);
  const isTold = online > 0 && runs.every((run) => run.zone !== null);
  const movable = isTold ? runs.every((run) => run.zone === 'Movable') : null;
  return { online, total: nrBlocks(range), movable };
}

/** The zone that a state brings a block to: Normal unless asked otherwise (M147), none while offline. */
export function zoneAsked(state: MemoryBlockState): BlockState['zone'] {
  if (state === 'offline') return null;
  return state === 'online_movable' ? 'Movable' : 'Normal';
}

/** A block that is offline: in no zone, and empty. */
export const OFFLINE: BlockState = { state: 'offline', zone: null, kernel_pages: false };

/** The `at`-th block as `/sys/devices/system/memory` names it. */
export function blockName(range: MemoryRange, at: number): string {
  return `memory${String(firstBlock(range) + at)}`;
}

/**
 * Whether the offline of a block is a matter of chance: the kernel may have put pages of its own into it that cannot
 * move, which it never does in ZONE_MOVABLE. Source: mm/page_alloc.c has_unmovable_pages().
 */
export function mayHoldKernelPages({ state, zone, kernel_pages, removable }: BlockState): boolean {
  return state !== 'offline' && kernel_pages === null && (zone !== 'Movable' || removable === false);
}

/** Whether a block is offline. */
export function isOffline(range: MemoryRange, at: number): boolean {
  return blockAt(range, at).state === 'offline';
}
