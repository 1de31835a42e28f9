import { factsOf } from '../kernels/of_host.ts';
import type { OopsEffect } from '../kernels/effect.ts';
import { cdevOf, putCdev, withCdev, type Cdev } from '../model/cdev.ts';
import type { DaxDevice, Host } from '../model/host.ts';
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
  if (refs === 0) return kernelRefuses('ENXIO', whyNot(tx.host, device));
  const opened = { ...cdev, refs: refs === 'saturated' ? refs : refs + 1, opens: cdev.opens + 1 };
  patch(tx, 'dax_devices', device.name, { cdevs: withCdev(device, opened) });
  return { opened_dead: !isAlive(device) };
}

function whyNot(host: Host, device: DaxDevice): string {
  return isReleased(device) ? releasedWords(host, device) : 'no driver serves the device node';
}

/** Whether device_dax serves a node that nobody can open any more: its cdev has lost every reference (S19). */
export function isReleased(device: DaxDevice): boolean {
  return device.driver === 'device_dax' && cdevOf(device, device.instance)?.refs === 0;
}

/** How that came, and what gives it a reference again. */
export function releasedWords(host: Host, { name }: DaxDevice): string {
  return `the cdev of ${name} has lost the reference of device_dax, which a close took that had opened it before the last bind: ${wayBack(host)}`;
}

/** What gives a cdev a reference again: an unbind and a bind, where an unbind returns (S17, S20). */
function wayBack(host: Host): string {
  const isOver = neverReturns(host, 'kill_dax') !== null || neverReturns(host, 'chrdev_open') !== null;
  return isOver ? 'a reboot alone gives it another' : 'unbind and bind give it another';
}

/**
 * The cdev of a device that device_dax serves whose references are no more than its open file descriptions: a bind over
 * some of them has not counted these, and the close that takes the last reference takes that of the driver (S19).
 */
export function miscounted(device: DaxDevice): Cdev | null {
  if (!isAlive(device)) return null;
  const cdev = cdevOf(device, device.instance)!;
  const { refs, opens } = cdev;
  return refs !== 0 && refs !== 'saturated' && refs <= opens ? cdev : null;
}

/** When that is, and what then gives it a reference again. */
export function miscountedWords(host: Host, { name }: DaxDevice, { refs, opens }: Cdev): string {
  return `the last bind of ${name} did not count who had its node open: once ${String(refs)} of its ${String(opens)} open file descriptions are closed, the reference of device_dax is gone, and nobody opens the node any more; then ${wayBack(host)}`;
}

/** dax_alive(): run_dax() of the probe of device_dax alone sets it. */
export function isAlive({ dax_alive, driver }: DaxDevice): boolean {
  return dax_alive && driver === 'device_dax';
}

/** The cdev whose node anybody opens although the device is not alive (S14), else null. */
export function openedDead(device: DaxDevice): Cdev | null {
  const cdev = cdevOf(device, device.instance);
  return cdev === null || cdev.refs === 0 || isAlive(device) ? null : cdev;
}

/** What holds an open file description, or something else: a descriptor or a mapping. */
export interface NodeHolder {
  readonly file: string | null;
  readonly description: string | null;
  readonly dax_device: string;
  readonly device_instance: number;
}

/** What the close of a node came to, and what the kernel has logged. */
interface ClosedNode {
  readonly end: { readonly do: 'ok' } | OopsEffect | Spin;
  readonly kernel_log: readonly string[];
}

/** The task spins for ever, in a function. */
interface Spin {
  readonly do: 'hang';
  readonly in: string;
}

const CLOSED: ClosedNode = { end: { do: 'ok' }, kernel_log: [] };

/**
 * After a descriptor or a mapping went: an open file description of a node that nobody holds any more gives its reference
 * back, and with the last one a node that is deleted loses its inode. Where `cdev_lock` is never given back both spin.
 * Source: fs/file_table.c __fput(), fs/char_dev.c cdev_put(), cd_forget(); S19, S20, CDEV2.
 */
export function closeNode(tx: Transaction, holder: NodeHolder): ClosedNode {
  const { file, description, dax_device, device_instance } = holder;
  if (file !== null || description === null || isNodeHeld(tx.host, description)) return CLOSED;
  const device = deviceOf(tx.host, dax_device);
  const cdev = cdevOf(device, device_instance);
  // The node of a block device is none of these.
  if (cdev === null) return CLOSED;
  const kernel_log = logOfPut(tx, cdev);
  const closed = { ...putCdev(cdev), opens: cdev.opens - 1 };
  const isEvicted = device_instance !== device.instance && closed.opens === 0;
  const { cdevs } = device;
  patch(tx, 'dax_devices', dax_device, {
    cdevs: isEvicted ? cdevs.filter((other) => other !== cdev) : withCdev(device, closed),
  });
  const spins_in = purgeSpinsIn(tx.host, cdev);
  if (spins_in !== null) return { end: { do: 'hang', in: spins_in }, kernel_log };
  return { end: isEvicted && cdev.dangling ? forgotten(tx) : CLOSED.end, kernel_log };
}

/** Where the put of the last reference of a cdev spins, or null. */
export function purgeSpinsIn(host: Host, { refs }: Cdev): string | null {
  return refs === 1 ? neverReturns(host, 'cdev_purge') : null;
}

/** The eviction of an inode that dangles: it takes `cdev_lock` first. */
function forgotten(tx: Transaction): OopsEffect | Spin {
  const spins_in = neverReturns(tx.host, 'cd_forget');
  return spins_in === null ? evictionOops(tx) : { do: 'hang', in: spins_in };
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
