import type { DaxDevice, Host, MemoryBlockRun, MemoryRange } from '../../model/host.ts';
import { nrPages } from '../../model/lookup.ts';
import { factsOf } from '../../kernels/of_host.ts';
import { onlinePolicyOf } from '../../kernels/online_policy.ts';
import { blocksAsListed, spelled, zoneAsked, type ListedBlocks } from '../../model/memory_block.ts';
import { onlined } from '../../model/memory_range.ts';
import { emit, hostRecord, identity, put, type Transaction } from '../../model/transaction.ts';
import { nodeAppears } from '../../mm/counters.ts';
import { blocksOfListed, type BlocksOfDevice } from './block_size.ts';
import { wholeBlocks } from './probe.ts';

/**
 * Adds the memory of a device that kmem binds: one range of whole blocks, in the state of auto_online_blocks.
 * Source: drivers/dax/kmem.c dev_dax_kmem_probe(), mm/memory_hotplug.c add_memory_driver_managed().
 */
export function addMemory(tx: Transaction, device: DaxDevice): void {
  const { memory_block_bytes: block_bytes } = hostRecord(tx.host);
  const whole = { ...wholeBlocks(device, block_bytes), block_bytes };
  addRange(tx, device, whole, added(tx, whole.nr_blocks), null);
}

/** The same, in the blocks that a listing tells of: as many as it counts, in the state that it tells. */
export function addListedMemory(tx: Transaction, device: DaxDevice, told: ListedBlocks | null): void {
  const counted = told?.total ?? null;
  const whole = blocksOfListed(tx.host, device, counted);
  const { nr_blocks } = whole;
  const blocks = told === null ? added(tx, nr_blocks) : blocksAsListed(told, nr_blocks);
  addRange(tx, device, whole, blocks, counted);
}

function addRange(
  tx: Transaction,
  device: DaxDevice,
  whole: BlocksOfDevice,
  blocks: readonly MemoryBlockRun[],
  counted: number | null,
): void {
  const { base_pfn, nr_pages, nr_blocks, block_bytes } = whole;
  if (nr_blocks === 0) return;
  const cut = device.size - nr_blocks * block_bytes;
  const { uid, revision, host } = identity(tx);
  const range: MemoryRange = {
    uid,
    revision,
    host,
    id: device.name,
    dax_device: device.name,
    base_pfn,
    nr_pages,
    block_bytes,
    counted,
    node: device.target_node,
    blocks,
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
  return [{ first: 0, nr_blocks, ...onlined(state, zoneAsked(state)) }];
}
