import { factsOf } from '../kernels/of_host.ts';
import type { DaxDevice } from '../model/host.ts';
import type { OpenFile, OpenFlag } from '../model/open_file.ts';
import type { Outcome } from '../model/outcome.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import type { Transaction } from '../model/transaction.ts';
import { openNode } from './cdev.ts';
import { putDescriptor } from './descriptor.ts';
import { hang, oopsed } from './process_end.ts';

/**
 * The node of a device-dax is opened for a mapping. Null where mmap(2) goes on to ask the dev_dax; an outcome where it
 * oopses or the open spins.
 */
export function openToMap(
  tx: Transaction,
  pid: number,
  device: DaxDevice,
  flag: OpenFlag,
): Outcome | Refusal | null {
  const node = openNode(tx, device);
  if (isRefusal(node)) return node;
  if ('spins_in' in node) return hang(tx, pid, node.spins_in);
  if (!node.opened_dead) return null;
  const { name: dax_device, instance: device_instance } = device;
  putDescriptor(tx, { pid, dax_device, file: null, flags: [flag], device_instance, opened_dead: true });
  return mmapOopses(tx, pid);
}

/** mmap(2) through a descriptor of a process: one without a dev_dax oopses, also once the device is bound again. */
export function mapsNothing(tx: Transaction, { pid, opened_dead }: OpenFile): Outcome | null {
  return opened_dead ? mmapOopses(tx, pid) : null;
}

/**
 * check_vma() looks into the dev_dax that is not there, within dax_read_lock() and with mmap_lock held for writing: the
 * task wants that lock in its exit, and no grace period of `dax_srcu` ends any more.
 * Source: drivers/dax/device.c dax_mmap(), check_vma(); S15-S17.
 */
function mmapOopses(tx: Transaction, pid: number): Outcome {
  const at = factsOf(tx.host).device_dax.mmap_oopses_in;
  return oopsed(tx, pid, { do: 'oops', at, task: 'stuck', never_ends: 'dax_srcu' });
}
