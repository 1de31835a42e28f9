import { regionOf } from '../device/cxl/chain.ts';
import { noNamespace } from '../device/dax_region.ts';
import { wayBack } from '../device/way_back.ts';
import { daxHolderOf } from '../fs/dax_holder.ts';
import { factsOf } from '../kernels/of_host.ts';
import type { RemoveDaxDevice } from '../model/device_command.ts';
import type { DaxDevice } from '../model/host.ts';
import { findActor, modeUnknown, mountsOn, presentPins } from '../model/lookup.ts';
import { hasOnlineMemory } from '../model/memory_range.ts';
import { isRefusal, kernelRefuses, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { hostRecord, type Transaction } from '../model/transaction.ts';
import { goesByCxl, regionTool, viaOf } from '../model/via.ts';
import { isOnDaxBus, type RemoveVia } from '../model/vocabulary.ts';

/**
 * Why a removal does not start: the device has no driver, or is being removed; a tool says no; what would follow is
 * not known.
 */
export function refusesRemoval(tx: Transaction, command: RemoveDaxDevice, device: DaxDevice): Refusal | null {
  const unknown = modeUnknown(device);
  if (unknown !== null) return unknown;
  if (device.removal !== null)
    return refuse(
      'removal_in_progress',
      `${device.name} is being removed, and a write to unbind waits for its lock: the removal shows what it waits for, and POST …/reboot ends one that never returns`,
    );
  if (device.state !== 'bound' && !reachesParent(command.via, device)) return notBound(tx, command, device);
  if (command.by_pid !== undefined) {
    const process = findActor(tx.host, command.by_pid, '/by_pid');
    if (isRefusal(process)) return process;
  }
  return (
    wantsNamespace(tx, command.via, device) ??
    cxlRefuses(tx, command.via, device) ??
    toolRefuses(tx, command.via, device) ??
    poisonRefuses(tx, command, device) ??
    partitionRefuses(tx, command, device) ??
    refusesProposed(tx, device)
  );
}

/**
 * A write to `unbind` answers ENODEV where no driver has the device (S41); a tool, or the bus, finds nothing to remove.
 * Source: drivers/base/bus.c unbind_store().
 */
function notBound(tx: Transaction, { trigger, via }: RemoveDaxDevice, device: DaxDevice): Refusal {
  const detail = `${device.name} is ${device.state}: ${wayBack(tx.host, device)}`;
  const written = trigger === 'unbind' && (viaOf(via)?.tool ?? null) === null && !goesByCxl(via);
  return written ? kernelRefuses('ENODEV', detail) : refuse('dax_device_not_bound', detail);
}

/**
 * Whether the removal goes to dax_pmem, which has a dax device that has no driver itself: it is unbound, or ndctl takes
 * its namespace away beside memory that has leaked (M72, M73).
 */
function reachesParent(via: RemoveVia | undefined, device: DaxDevice): boolean {
  if (device.state !== 'unbound' || !device.parent_bound) return false;
  const unbinds = viaOf(via)?.unbinds;
  if (unbinds === 'dax_pmem') return isOnDaxBus(device.mode);
  return device.mem_region === 'leaked' && unbinds === 'namespace';
}

/** What stands above a dax device is its namespace, unless the way leads down the CXL chain. */
function wantsNamespace(tx: Transaction, via: RemoveVia | undefined, device: DaxDevice): Refusal | null {
  if (viaOf(via)?.with_parent !== true || goesByCxl(via)) return null;
  return noNamespace(tx.host, device);
}

/** xfs with rmapbt walks its files after the decoders are reset: neither recorded nor in the sources read (CX7). */
function cxlRefuses(tx: Transaction, via: RemoveVia | undefined, device: DaxDevice): Refusal | null {
  if (device.cxl_region === null || viaOf(via)?.unbinds !== 'cxl_memdev') return null;
  if (!holdsRmapbt(tx, device)) return null;
  return unknownOutcome(
    'xfs with rmapbt is notified of the removal after its decoders were reset: what its walk does then is neither recorded nor in the sources read',
  );
}

function holdsRmapbt(tx: Transaction, device: DaxDevice): boolean {
  return daxHolderOf(tx.host, device)?.rmapbt === true;
}

/** M46: what HardwareCorrupted is once the memmap of pages that were poisoned under an xfs with rmapbt has gone. */
function poisonRefuses(tx: Transaction, { trigger }: RemoveDaxDevice, device: DaxDevice): Refusal | null {
  if (trigger === 'orderly_removal' || device.hwpoisoned.length === 0 || !holdsRmapbt(tx, device))
    return null;
  if (factsOf(tx.host).memory_failure.poisoned_rmapbt_teardown === 'known') return null;
  return unknownOutcome(
    'HardwareCorrupted after the removal of a poisoned xfs with rmapbt is not known (M46)',
  );
}

/**
 * S27: on some kernels the walk of a holder on a partition is too long by the start of the partition, and oopses behind
 * the last allocation group where that is full, which nobody tells. One that is shut down walks nothing (R74).
 */
function partitionRefuses(tx: Transaction, { trigger }: RemoveDaxDevice, device: DaxDevice): Refusal | null {
  const holder = daxHolderOf(tx.host, device);
  const walks = holder?.rmapbt === true && holder.partition !== null && holder.fs_state !== 'shutdown';
  if (!walks || trigger === 'orderly_removal') return null;
  if (factsOf(tx.host).xfs_walk_of_partition !== 'too_long_by_its_start') return null;
  return unknownOutcome(
    `${holder.id} is an xfs with rmapbt on a partition: its walk is too long by the start of the partition, and oopses behind the last allocation group where that is full, which nobody tells (S27)`,
  );
}

/** ndctl opens the block device O_EXCL: a mount makes it say no in user space (R17, R18). */
function toolRefuses(tx: Transaction, via: RemoveVia | undefined, device: DaxDevice): Refusal | null {
  const way = viaOf(via);
  if (way === null || way.tool === null) return null;
  if (way.tool === 'cxl') return regionToolRefuses(tx, via, device);
  const mounted = mountsOn(tx.host, device).length > 0;
  if (mounted && way.unbinds === 'namespace') {
    return refuse('tool_refused', 'ndctl: Device or resource busy: the namespace is mounted', {
      errno: 'EBUSY',
    });
  }
  if (way.unbinds === 'nd_region') {
    if (mounted) return refuse('tool_refused', 'ndctl: disabled 0 regions (rc 0)', { errno: null });
    return refuse(
      'not_modelled',
      'ndctl disable-region of a region on which nothing is mounted is not modelled',
    );
  }
  if (device.driver === 'kmem') return memoryToolRefuses(tx, way.tool, device);
  if (way.tool === 'ndctl' || device.mode === 'devdax') return null;
  return refuse('tool_refused', 'daxctl: no such device', { errno: 'ENODEV' });
}

/** CX20: `cxl destroy-region` wants a region without a driver, or -f. What it does to a locked decoder is not known. */
function regionToolRefuses(tx: Transaction, via: RemoveVia | undefined, device: DaxDevice): Refusal | null {
  const tool = regionTool(via);
  if (tool?.destroys !== true || device.cxl_region === null) return null;
  const { name, locked } = regionOf(tx.host, device);
  if (!tool.force) {
    const detail = `cxl region: destroy_region: ${name} active. Disable it or use --force`;
    return refuse('tool_refused', detail, { errno: 'EBUSY' });
  }
  return locked ? unknownOutcome(`whether the locked decoders of ${name} are reset is not known`) : null;
}

/** M91, M149: what ndctl and daxctl say of a device whose memory is there. */
function memoryToolRefuses(tx: Transaction, tool: 'ndctl' | 'daxctl', device: DaxDevice): Refusal | null {
  if (tool === 'daxctl') {
    const detail = 'daxctl: status operations are only applicable in devdax mode';
    return refuse('tool_refused', detail, { errno: 'ENXIO' });
  }
  if (!hasOnlineMemory(tx.host, device.name)) return null;
  const detail = 'ndctl: Device or resource busy: the namespace has active memory';
  return refuse('tool_refused', detail, { errno: 'EBUSY' });
}

/** FU11 says nothing about pinned pages, which memory_failure() cannot take. */
function refusesProposed(tx: Transaction, device: DaxDevice): Refusal | null {
  const proposed = device.driver === 'kmem' && hostRecord(tx.host).proposed.kmem_memory_failure;
  if (!proposed || presentPins(tx.host, device).length === 0) return null;
  return unknownOutcome(
    'the cover letter does not say what remove_memory() does after memory_failure() of a pinned page',
  );
}
