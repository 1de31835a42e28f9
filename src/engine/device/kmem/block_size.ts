import type { DaxDevice, Host, MemoryBlockRun, MemoryRange } from '../../model/host.ts';
import { deviceOf } from '../../model/lookup.ts';
import { usedPages } from '../../model/memory_range.ts';
import { hostRecord, patch, type Transaction } from '../../model/transaction.ts';
import { PAGE_BYTES } from '../../model/vocabulary.ts';
import { wholeBlocks, type WholeBlocks } from './probe.ts';

/** What memory_block_size_bytes() can be: 128 MiB to 2 GiB. Source: arch/x86/mm/init_64.c probe_memory_block_size(). */
const BLOCK_BYTES = Array.from({ length: 5 }, (_, at) => 2 ** (27 + at));

/** The least of them: what has no whole block of it has none on any machine. */
export const LEAST_BLOCK_BYTES = BLOCK_BYTES[0]!;

/** The whole blocks of a device, and their size in bytes. */
export interface BlocksOfDevice extends WholeBlocks {
  readonly block_bytes: number;
}

/**
 * The blocks of a device that is listed as kmem's. Counted ones are as many, as far as it has room for them, of the
 * host's size if that fits the count, else of one that does; where none does, of the largest with room for all. Ones
 * that nobody counted are of the host's size, or of the largest of which it has one: kmem binds no device without.
 */
export function blocksOfListed(host: Host, device: DaxDevice, counted: number | null): BlocksOfDevice {
  const usual = hostRecord(host).memory_block_bytes;
  const block_bytes = counted === null ? uncountedIn(device, usual) : countedIn(device, usual, counted);
  const whole = wholeBlocks(device, block_bytes);
  const nr_blocks = Math.min(whole.nr_blocks, counted ?? whole.nr_blocks);
  return { ...whole, nr_blocks, nr_pages: nr_blocks * (block_bytes / PAGE_BYTES), block_bytes };
}

function countedIn(device: DaxDevice, usual: number, total: number): number {
  const { exact, unaligned } = fitting(device, total);
  const room = BLOCK_BYTES.findLast((bytes) => wholeBlocks(device, bytes).nr_blocks >= total);
  const fits = usual === unaligned ? usual : (exact ?? unaligned);
  return fits ?? room ?? LEAST_BLOCK_BYTES;
}

function uncountedIn(device: DaxDevice, usual: number): number {
  const sizes = [usual, ...BLOCK_BYTES.toReversed()];
  return sizes.find((bytes) => wholeBlocks(device, bytes).nr_blocks > 0) ?? usual;
}

/** How much of the counted memory can have a block size, and has as many blocks of it as its size has room for. */
interface Votes {
  readonly all: number;
  readonly exact: number;
}

interface Fitting {
  readonly exact: number | undefined;
  readonly unaligned: number | undefined;
}

/**
 * The sizes under which a device has as many whole blocks as were counted; where its address is not told it may begin
 * within a block, and have one less than its size has room for (`unaligned`). One of each at most: half the
 * size makes twice the blocks, or more.
 */
function fitting(device: DaxDevice, total: number): Fitting {
  const losing = (blocks: number): number | undefined =>
    BLOCK_BYTES.find((bytes) => wholeBlocks(device, bytes).nr_blocks - total === blocks);
  return { exact: losing(0), unaligned: device.phys_addr === null ? losing(1) : undefined };
}

/**
 * The block size is one for the machine: that which most of its counted memory can have, of several the one that most has
 * exactly, then the least; what cannot has blocks of its own size, as it was counted. All memory that is free and not
 * leaked is cut anew where it changes. Which listing came first does not matter. O(ranges).
 * Source: drivers/base/memory.c block_size_bytes_show(); the vote is ours.
 */
export function learnBlockSize(tx: Transaction): void {
  const { name, memory_block_bytes: present } = hostRecord(tx.host);
  const ranges = [...tx.host.tables.memory_ranges.values()];
  const voters = ranges.flatMap(({ dax_device, counted }) =>
    counted === null ? [] : [fitting(deviceOf(tx.host, dax_device), counted)],
  );
  const votes = BLOCK_BYTES.map((bytes) => {
    const exact = voters.filter((sizes) => sizes.exact === bytes).length;
    return { bytes, exact, all: exact + voters.filter((sizes) => sizes.unaligned === bytes).length };
  });
  const best = votes.reduce((one, other) => (isMore(other, one) ? other : one));
  if (best.all === 0 || best.bytes === present) return;
  patch(tx, 'hosts', name, { memory_block_bytes: best.bytes });
  for (const range of ranges) cutAnew(tx, range);
}

function isMore(one: Votes, other: Votes): boolean {
  return one.all > other.all || (one.all === other.all && one.exact > other.exact);
}

/** Cuts a range into blocks of the size that the host has now; what is used, or has leaked, stays. */
function cutAnew(
  tx: Transaction,
  { id, dax_device, leaked, counted, blocks, block_bytes }: MemoryRange,
): void {
  const { nr_blocks, ...place } = blocksOfListed(tx.host, deviceOf(tx.host, dax_device), counted);
  if (leaked || place.block_bytes === block_bytes || usedPages(tx.host, dax_device).length > 0) return;
  patch(tx, 'memory_ranges', id, { ...place, blocks: asMany(blocks, nr_blocks) });
}

/** As many blocks: those behind are cut off, or the last is repeated. */
function asMany(blocks: readonly MemoryBlockRun[], nr_blocks: number): MemoryBlockRun[] {
  const kept = blocks.filter(({ first }) => first < nr_blocks);
  const last = kept.at(-1)!;
  return [...kept.slice(0, -1), { ...last, nr_blocks: nr_blocks - last.first }];
}
