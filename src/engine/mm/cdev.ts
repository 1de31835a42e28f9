import { factsOf } from '../kernels/of_host.ts';
import type { OopsEffect } from '../kernels/effect.ts';
import { cdevOf, putCdev, withCdev, type Cdev } from '../model/cdev.ts';
import type { DaxDevice } from '../model/host.ts';
import { deviceOf, isNodeHeld } from '../model/lookup.ts';
import { kernelRefuses, type Refusal } from '../model/refusal.ts';
import { hostRecord, patch, type Transaction } from '../model/transaction.ts';
import { neverReturns } from './never_returns.ts';

/** What open(2) of the node of a device-dax came to: whether it found a dev_dax, or where it spins for ever. */
export type OpenedNode = { readonly opened_dead: boolean } | { readonly spins_in: string };

/**
 * open(2) of the node of a device-dax: a reference of its cdev more. 409 with ENOENT where there is no node, ENXIO where
 * the cdev has no reference: nobody has it open and no driver has it, or the last close took that of the driver.
 * Source: fs/char_dev.c chrdev_open(), drivers/dax/device.c dax_open(); S13, S14, S19, S20.
 */
export function openNode(tx: Transaction, device: DaxDevice): OpenedNode | Refusal {
  if (!device.parent_bound || device.state === 'gone')
    return kernelRefuses('ENOENT', 'there is no device node');
  const spins_in = neverReturns(tx.host, 'chrdev_open');
  if (spins_in !== null) return { spins_in };
  const cdev = cdevOf(device, device.instance)!;
  const { refs } = cdev;
  if (refs === 0) return kernelRefuses('ENXIO', whyNot(device));
  const opened = { ...cdev, refs: refs === 'saturated' ? refs : refs + 1, opens: cdev.opens + 1 };
  patch(tx, 'dax_devices', device.name, { cdevs: withCdev(device, opened) });
  return { opened_dead: !isAlive(device) };
}

function whyNot({ driver, name }: DaxDevice): string {
  if (driver !== 'device_dax') return 'no driver serves the device node';
  return `the cdev of ${name} has lost the reference of device_dax, which a close took that had opened it before the last bind: unbind and bind give it another`;
}

/** dax_alive(): run_dax() of the probe of device_dax alone sets it. */
export function isAlive({ dax_alive, driver }: DaxDevice): boolean {
  return dax_alive && driver === 'device_dax';
}

/** What holds an open file description, or something else: a descriptor or a mapping. */
export interface NodeHolder {
  readonly file: string | null;
  readonly description: string | null;
  readonly dax_device: string;
  readonly device_instance: number;
}

/** What the closes of nodes came to: the first that oopses, and what the kernel has logged before. */
interface ClosedNodes {
  readonly oops: OopsEffect | null;
  readonly kernel_log: readonly string[];
}

/**
 * After descriptors and mappings went: each open file description of a node that nobody holds any more gives its reference
 * back, and with the last one a node that is deleted loses its inode. Source: fs/file_table.c __fput(), S19, S20.
 */
export function closeNodes(tx: Transaction, holders: readonly NodeHolder[]): ClosedNodes {
  const nodes = new Map<string, NodeHolder>();
  for (const holder of holders)
    if (holder.file === null && holder.description !== null) nodes.set(holder.description, holder);
  const kernel_log: string[] = [];
  for (const [description, holder] of nodes) {
    if (isNodeHeld(tx.host, description)) continue;
    const { oops, kernel_log: logged } = closeNode(tx, holder);
    kernel_log.push(...logged);
    if (oops !== null) return { oops, kernel_log };
  }
  return { oops: null, kernel_log };
}

function closeNode(tx: Transaction, { dax_device, device_instance }: NodeHolder): ClosedNodes {
  const device = deviceOf(tx.host, dax_device);
  const cdev = cdevOf(device, device_instance);
  // The node of a block device is none of these.
  if (cdev === null) return { oops: null, kernel_log: [] };
  const kernel_log = logOfPut(tx, cdev);
  const closed = { ...putCdev(cdev), opens: cdev.opens - 1 };
  const isEvicted = device_instance !== device.instance && closed.opens === 0;
  const { cdevs } = device;
  patch(tx, 'dax_devices', dax_device, {
    cdevs: isEvicted ? cdevs.filter((other) => other !== cdev) : withCdev(device, closed),
  });
  return { oops: isEvicted && cdev.dangling ? evictionOops(tx) : null, kernel_log };
}

/**
 * The eviction of the inode of a deleted node that dangles: the BUG of a corrupted list, in a task that holds `cdev_lock`.
 * Source: fs/char_dev.c cd_forget(); S20.
 */
export function evictionOops({ host }: Transaction): OopsEffect {
  const at = factsOf(host).device_dax.evict_oopses_in;
  return { do: 'oops', at, task: 'stuck', never_ends: 'cdev_lock', log: 'list_del corruption' };
}

/** What the kernel logs where a reference goes that is not there, once until a reboot. */
export function logOfPut(tx: Transaction, { refs }: Cdev): readonly string[] {
  const { name, underflow_warned } = hostRecord(tx.host);
  if (refs !== 0 || underflow_warned) return [];
  patch(tx, 'hosts', name, { underflow_warned: true });
  return ['refcount_t: underflow; use-after-free.'];
}
