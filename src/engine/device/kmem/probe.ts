import type { DaxDevice, Host, HostRecord, MemoryBlockRun, MemoryRange } from '../../model/host.ts';
import { nrPages } from '../../model/lookup.ts';
import { factsOf, profileOf } from '../../kernels/of_host.ts';
import { nodeAppears } from '../../mm/counters.ts';
import { kernelRefuses, type Refusal } from '../../model/refusal.ts';
import { emit, hostRecord, identity, put, type Transaction } from '../../model/transaction.ts';
import {
  PAGE_BYTES,
  type DeviceMode,
  type Driver,
  type Errno,
  type KmemState,
} from '../../model/vocabulary.ts';
import { spelled, type CountedBlocks } from '../../model/memory_block.ts';
import { leakedUnder } from '../../model/memory_range.ts';

const ERRNO_NUMBERS = { EBUSY: 16, EINVAL: 22 } as const;
const BLOCK_BYTES = Array.from({ length: 5 }, (_, at) => 2 ** (27 + at));

/**
 * Why the probe of a driver fails on a device, as sysfs `bind` answers it, or null. A leaked range under the device (of
 * `leaked`: those of the host) stops every driver; kmem wants a target node and, from v6.1 on, a whole memory block.
 * Source: drivers/dax/kmem.c dev_dax_kmem_probe(), drivers/base/bus.c bind_store(); M62-M64, M69, M70, M73.
 */
export function probeFails(
  host: Host,
  device: DaxDevice,
  driver: Driver,
  leaked: readonly MemoryRange[],
): Refusal | null {
  const { kmem } = factsOf(host);
  if (driver === 'kmem' && device.target_node !== null && device.target_node < 0) {
    const node = String(device.target_node);
    return failed(host, device, driver, 'EINVAL', `rejecting DAX region with invalid node: ${node}`);
  }
  const whole = wholeBlocks(device, hostRecord(host).memory_block_bytes);
  if (driver === 'kmem' && whole.nr_blocks === 0 && kmem.no_block_left === 'EINVAL') {
    const line = 'rejecting DAX region without any memory after alignment';
    return failed(host, device, driver, 'EINVAL', line);
  }
  if (leakedUnder(leaked, device) === null) return null;
  if (driver === 'nd_pmem') {
    const line = `could not reserve region [mem ${spelled(device.base_pfn, nrPages(device))}]`;
    return failed(host, device, driver, 'EBUSY', line);
  }
  const [what, range] =
    driver === 'kmem'
      ? (['region', spelled(whole.base_pfn, whole.nr_pages)] as const)
      : (['range', spelled(device.base_pfn, nrPages(device))] as const);
  return failed(host, device, driver, 'EBUSY', `mapping0: ${range} could not reserve ${what}`);
}

/** The errno that sysfs `bind` answers, and the log lines of the probe. */
function failed(
  host: Host,
  { name }: DaxDevice,
  driver: Driver,
  errno: keyof typeof ERRNO_NUMBERS,
  line: string,
): Refusal {
  const { kmem, bind_bound_errno } = factsOf(host);
  const text = kmem.probe_failed_text.replaceAll('DRV', driver).replaceAll('DEV', name);
  const log = `${driver} ${name}: ${line}; ${text} with error -${String(ERRNO_NUMBERS[errno])}`;
  const answered: Errno = bind_bound_errno === 'ENODEV' ? 'ENODEV' : errno;
  return kernelRefuses(answered, log);
}

/** What `daxX.Y/state` reads after the probe, where the kernel has it: the online policy (KM5). */
export function kmemStateOf(host: Host, mode: DeviceMode): KmemState | null {
  return mode === 'system-ram' && factsOf(host).kmem.state_attr ? hostRecord(host).auto_online_blocks : null;
}

interface WholeBlocks {
  readonly base_pfn: number;
  readonly nr_pages: number;
  readonly nr_blocks: number;
}

/** The range cut to whole memory blocks: start up, end down. Source: drivers/dax/kmem.c dax_kmem_range(). */
export function wholeBlocks(device: DaxDevice, block_bytes: number): WholeBlocks {
  const pages = block_bytes / PAGE_BYTES;
  const base_pfn = Math.ceil(device.base_pfn / pages) * pages;
  const nr_blocks = Math.max(0, Math.floor((device.base_pfn + nrPages(device) - base_pfn) / pages));
  return { base_pfn, nr_pages: nr_blocks * pages, nr_blocks };
}

/**
 * Adds the memory of a device that kmem binds: one range of whole blocks, in the state of auto_online_blocks or as
 * a listing counted them. Returns the log lines.
 * Source: drivers/dax/kmem.c dev_dax_kmem_probe(), mm/memory_hotplug.c add_memory_driver_managed().
 */
export function addMemory(
  tx: Transaction,
  device: DaxDevice,
  counted: CountedBlocks | null = null,
): string[] {
  const block_bytes =
    counted === null ? hostRecord(tx.host).memory_block_bytes : countedIn(tx, device, counted);
  const whole = wholeBlocks(device, block_bytes);
  const cut = device.size - whole.nr_blocks * block_bytes;
  const says = profileOf(tx.host).facts.kmem.says_truncation && cut > 0;
  const log = says
    ? [
        `kmem ${device.name}: DAX region truncated by ${String(Math.floor(cut / 2 ** 20))} MiB due to alignment`,
      ]
    : [];
  if (whole.nr_blocks === 0) {
    const range = spelled(device.base_pfn, nrPages(device));
    return [...log, `kmem ${device.name}: mapping0: ${range} too small after alignment`];
  }
  const { base_pfn, nr_pages, nr_blocks } = whole;
  const range: MemoryRange = {
    ...identity(tx),
    id: device.name,
    dax_device: device.name,
    base_pfn,
    nr_pages,
    block_bytes,
    node: device.target_node,
    blocks:
      counted === null
        ? added(hostRecord(tx.host).auto_online_blocks, nr_blocks)
        : listed(counted, nr_blocks),
    offlining: null,
    leaked: false,
    leaked_at: null,
    tenant: device.tenant,
    generation: device.generation,
  };
  put(tx, 'memory_ranges', range.id, range);
  nodeAppears(tx, range.node);
  emit(tx, 'memory_range_added', `dax-devices/${device.name}`, { nr_blocks, cut });
  return log;
}

/** What the online policy of the kernel makes of new blocks. Zone Normal unless asked otherwise (M147). */
function added(policy: HostRecord['auto_online_blocks'], nr_blocks: number): MemoryBlockRun[] {
  const zone = policy === 'offline' ? null : policy === 'online_movable' ? 'Movable' : 'Normal';
  return [{ first: 0, nr_blocks, state: policy, zone }];
}

/** As many online as daxctl counted, from the first on: it does not say which. */
function listed({ online, movable }: CountedBlocks, nr_blocks: number): MemoryBlockRun[] {
  const nr_online = Math.min(online, nr_blocks);
  const state = movable === false ? 'online' : 'online_movable';
  const runs: MemoryBlockRun[] = [
    { first: 0, nr_blocks: nr_online, state, zone: movable === false ? 'Normal' : 'Movable' },
    { first: nr_online, nr_blocks: nr_blocks - nr_online, state: 'offline', zone: null },
  ];
  return runs.filter((run) => run.nr_blocks > 0);
}

/** The block size under which the device has as many whole blocks as were counted; the host's where none fits. */
function countedIn(tx: Transaction, device: DaxDevice, { total }: CountedBlocks): number {
  const own = hostRecord(tx.host).memory_block_bytes;
  return [own, ...BLOCK_BYTES].find((bytes) => wholeBlocks(device, bytes).nr_blocks === total) ?? own;
}
