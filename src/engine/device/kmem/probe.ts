import type { DaxDevice, Host, MemoryRange } from '../../model/host.ts';
import { nrPages } from '../../model/lookup.ts';
import { factsOf } from '../../kernels/of_host.ts';
import { onlinePolicyOf } from '../../kernels/online_policy.ts';
import { ifKnown } from '../../kernels/unsettled.ts';
import { kernelRefuses, type Refusal } from '../../model/refusal.ts';
import { hostRecord } from '../../model/transaction.ts';
import {
  PAGE_BYTES,
  type DeviceMode,
  type Driver,
  type Errno,
  type KmemState,
} from '../../model/vocabulary.ts';
import { spelled } from '../../model/memory_block.ts';
import { leakedUnder } from '../../model/memory_range.ts';

const ERRNO_NUMBERS = { EBUSY: 16, EINVAL: 22 } as const;

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
  block_bytes = hostRecord(host).memory_block_bytes,
): Refusal | null {
  if (driver === 'kmem' && device.target_node !== null && device.target_node < 0) {
    const node = String(device.target_node);
    return failed(host, device, driver, 'EINVAL', `rejecting DAX region with invalid node: ${node}`);
  }
  const whole = wholeBlocks(device, block_bytes);
  if (driver === 'kmem' && whole.nr_blocks === 0 && factsOf(host).kmem.no_block_left === 'EINVAL') {
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

/**
 * What `daxX.Y/state` reads after the probe, where the kernel has it: the online policy (KM5). Where nobody can say
 * whether it has, or what the policy is, nothing is shown.
 */
export function kmemStateOf(host: Host, mode: DeviceMode): KmemState | null {
  if (mode !== 'system-ram') return null;
  const has = ifKnown(() => factsOf(host).kmem.state_attr) ?? false;
  return has ? ifKnown(() => onlinePolicyOf(host)) : null;
}

/** Whole memory blocks from the first on. */
export interface WholeBlocks {
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
