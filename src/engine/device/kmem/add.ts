import type { DaxDevice, Host, MemoryBlockRun, MemoryRange } from '../../model/host.ts';
import { deviceOf, nrPages } from '../../model/lookup.ts';
import { factsOf } from '../../kernels/of_host.ts';
import { onlinePolicyOf } from '../../kernels/online_policy.ts';
import { blocksAsListed, nrBlocks, spelled, zoneAsked, type ListedBlocks } from '../../model/memory_block.ts';
import { onlined } from '../../model/memory_range.ts';
import { emit, hostRecord, identity, patch, put, type Transaction } from '../../model/transaction.ts';
import { PAGE_BYTES } from '../../model/vocabulary.ts';
import { nodeAppears } from '../../mm/counters.ts';
import { wholeBlocks } from './probe.ts';

/** What memory_block_size_bytes() can be: 128 MiB to 2 GiB. */
const BLOCK_BYTES = Array.from({ length: 5 }, (_, at) => 2 ** (27 + at));

/**
 * Adds the memory of a device that kmem binds: one range of whole blocks, in the state of auto_online_blocks or as
 * a listing tells them.
 * Source: drivers/dax/kmem.c dev_dax_kmem_probe(), mm/memory_hotplug.c add_memory_driver_managed().
 */
export function addMemory(tx: Transaction, device: DaxDevice, told: ListedBlocks | null = null): void {
  const total = told?.total ?? null;
  const block_bytes = total === null ? hostRecord(tx.host).memory_block_bytes : countedIn(tx, device, total);
  const whole = total === null ? wholeBlocks(device, block_bytes) : asCounted(device, block_bytes, total);
  if (whole.nr_blocks === 0) return;
  const { base_pfn, nr_pages, nr_blocks } = whole;
  const cut = device.size - nr_blocks * block_bytes;
  const range: MemoryRange = {
    ...identity(tx),
    id: device.name,
    dax_device: device.name,
    base_pfn,
    nr_pages,
    block_bytes,
    node: device.target_node,
    blocks: told === null ? added(tx, nr_blocks) : blocksAsListed(told, nr_blocks),
    offlining: null,
    leaked: false,
    leaked_at: null,
    tenant: device.tenant,
    generation: device.generation,
  };
  put(tx, 'memory_ranges', range.id, range);
  nodeAppears(tx, range.node);
  emit(tx, 'memory_range_added', `dax-devices/${device.name}`, { nr_blocks, cut });
}

/** What the kernel logs while kmem adds the memory of a device, in blocks of the host's size. */
export function logOfAdding(host: Host, device: DaxDevice): string[] {
  const { memory_block_bytes } = hostRecord(host);
  const { nr_blocks } = wholeBlocks(device, memory_block_bytes);
  const cut = device.size - nr_blocks * memory_block_bytes;
  const mib = String(Math.floor(cut / 2 ** 20));
  const truncated = `kmem ${device.name}: DAX region truncated by ${mib} MiB due to alignment`;
  const log = cut > 0 && factsOf(host).kmem.says_truncation ? [truncated] : [];
  if (nr_blocks > 0) return log;
  const range = spelled(device.base_pfn, nrPages(device));
  return [...log, `kmem ${device.name}: mapping0: ${range} too small after alignment`];
}

/** What the online policy of the kernel makes of new blocks. */
function added({ host }: Transaction, nr_blocks: number): MemoryBlockRun[] {
  const state = onlinePolicyOf(host);
  return [{ first: 0, nr_blocks, ...onlined(host, state, zoneAsked(state)) }];
}

/**
 * The block size under which the device has as many whole blocks as were counted. Where its address is not told it may
 * begin within a block, and have one less than its size has room for. Where none fits: the largest with room for all.
 */
function countedIn(tx: Transaction, device: DaxDevice, total: number): number {
  const usual = hostRecord(tx.host).memory_block_bytes;
  const sizes = [usual, ...BLOCK_BYTES];
  const lost = (bytes: number) => wholeBlocks(device, bytes).nr_blocks - total;
  const fits = sizes.find((bytes) => lost(bytes) === 0);
  const fitsUnaligned = device.phys_addr === null ? sizes.find((bytes) => lost(bytes) === 1) : undefined;
  return fits ?? fitsUnaligned ?? BLOCK_BYTES.findLast((bytes) => total * bytes <= device.size) ?? usual;
}

/** The whole blocks of a device, as many as were counted as far as it has room for them. */
function asCounted(device: DaxDevice, block_bytes: number, total: number) {
  const whole = wholeBlocks(device, block_bytes);
  const nr_blocks = Math.min(whole.nr_blocks, total);
  return { ...whole, nr_blocks, nr_pages: nr_blocks * (block_bytes / PAGE_BYTES) };
}

/**
 * The block size is of the machine: the one that all its memory was counted in is kept. O(ranges).
 * Source: drivers/base/memory.c block_size_bytes_show().
 */
export function keepBlockSize(tx: Transaction): void {
  const { name, memory_block_bytes } = hostRecord(tx.host);
  const ranges = [...tx.host.tables.memory_ranges.values()];
  const bytes = ranges[0]?.block_bytes ?? memory_block_bytes;
  if (bytes === memory_block_bytes || !ranges.every((range) => isCountedIn(tx, range, bytes))) return;
  patch(tx, 'hosts', name, { memory_block_bytes: bytes });
}

function isCountedIn(tx: Transaction, range: MemoryRange, bytes: number): boolean {
  const device = deviceOf(tx.host, range.dax_device);
  const lost = wholeBlocks(device, bytes).nr_blocks - nrBlocks(range);
  return range.block_bytes === bytes && (lost === 0 || (lost === 1 && device.phys_addr === null));
}
