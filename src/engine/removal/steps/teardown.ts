import { nrPages, pinsOfDevice } from '../../model/lookup.ts';
import { tearDownFlags } from '../../mm/hwpoison.ts';
import { memoryRangesOf } from '../../model/memory_range.ts';
import { patch } from '../../model/transaction.ts';
import type { StepInput, StepOutput } from '../step.ts';
import type { WaitingOn } from '../../model/removal.ts';

/** The character device goes; open descriptors keep the inode. Source: drivers/dax/device.c dev_dax_cdev_del(). */
export function cdevDel(): StepOutput {
  return { end: 'done' };
}

/**
 * Kills the pgmap reference and waits where that kernel counts page references: every pin, transient or
 * longterm, holds the removal until it is dropped. From v6.1 it waits for nobody.
 * Source: mm/memremap.c memunmap_pages(); v5.10 block/blk-core.c blk_cleanup_queue() for fsdax.
 */
export function pgmapDrain({ tx, device, parameters }: StepInput): StepOutput {
  patch(tx, 'dax_devices', device.name, { pgmap_state: 'killed' });
  const pins = pinsOfDevice(tx.host, device.name).filter(
    (pin) => pin.pgmap === device.pgmap && pin.pfn_ranges.length > 0,
  );
  if (parameters.waits_for !== 'page_refs' || pins.length === 0) {
    return { end: 'done', result: { waits_for: parameters.waits_for } };
  }
  const waiting_on = pins.map(
    (pin): WaitingOn => ({
      kind: pin.kind === 'longterm' ? 'pin' : 'page_reference',
      pin: pin.id,
      pid: pin.pid,
      holder: pin.holder,
      released_by: 'unpin',
    }),
  );
  return { end: 'wait', waiting_on, result: { wait_in: parameters.wait_in } };
}

/** The memmap goes; entries that are left lead to no struct page. Source: mm/memremap.c pageunmap_range(). */
export function archRemoveMemory({ tx, device }: StepInput): StepOutput {
  tearDownFlags(tx, device.name, [device.base_pfn, nrPages(device)]);
  patch(tx, 'dax_devices', device.name, { pgmap_state: 'none', faulted: [] });
  return { end: 'done' };
}

/**
 * The range leaves /proc/iomem, the device has no driver. That of memory which kmem could not take away stays, and
 * its struct pages with it (M66). Source: kernel/resource.c, drivers/dax/kmem.c dev_dax_kmem_remove().
 */
export function releaseMemRegion({ tx, device }: StepInput): StepOutput {
  const leaked = memoryRangesOf(tx.host, device.name).length > 0;
  patch(tx, 'dax_devices', device.name, {
    mem_region: leaked ? 'leaked' : 'released',
    driver: null,
    dax_alive: false,
    pgmap_state: leaked ? device.pgmap_state : 'none',
    kmem_state: null,
  });
  return { end: 'done' };
}

/** The dev_dax itself goes: old VMAs and descriptors are dead for good. Source: drivers/dax/bus.c unregister_dev_dax(). */
export function unregisterDevDax({ tx, device }: StepInput): StepOutput {
  patch(tx, 'dax_devices', device.name, { parent_bound: false, instance: device.instance + 1 });
  return { end: 'done', result: { keeps_dev_dax: false } };
}
