import { overwritten } from '../device/lifecycle.ts';
import { partitionPages } from '../fs/partition.ts';
import { factsOf } from '../kernels/of_host.ts';
import { firstFilePage } from '../mm/layout.ts';
import type { DaxDevice, FileSystem } from '../model/host.ts';
import { mountsOf, nrPages, pinsOfDevice } from '../model/lookup.ts';
import { kernelRefuses, type Refusal } from '../model/refusal.ts';
import { identity, nextId, patch, put, type Transaction } from '../model/transaction.ts';
import type { CreateMount } from '../model/use_command.ts';

const DEFAULT_AGCOUNT = 4;

/**
 * The file system that is there, or a new one: `mkfs: true` ends the one before. Refused with EINVAL: one of another type is
 * there, or none, or it has reflink where DAX cannot be used with that.
 */
export function findOrMake(tx: Transaction, command: CreateMount, device: DaxDevice): FileSystem | Refusal {
  const partition = command.partition ?? null;
  const [before] = tx.host.tables.file_systems.where(
    (there) => isPresentOn(device, there) && there.partition === partition,
  );
  if (command.mkfs !== true) {
    if (before?.fs_type !== command.fs_type) return kernelRefuses('EINVAL', wrongSuperblock(device, before));
    return reflinkRefused(tx, command, before.reflink) ?? before;
  }
  const reflink = command.fs_type === 'xfs' && (command.reflink ?? false);
  const refused = reflinkRefused(tx, command, reflink);
  if (refused !== null) return refused;
  return makeFileSystem(tx, command, device, nextGeneration(tx, device, partition), reflink);
}

/** Whether a file system is of the device's present owner. */
function isPresentOn({ name, generation }: DaxDevice, file_system: FileSystem): boolean {
  return file_system.dax_device === name && file_system.generation === generation;
}

/** What mount(8) says, and the way out: a listing never shows what file system is on a device. */
function wrongSuperblock({ name }: DaxDevice, before: FileSystem | undefined): string {
  const there =
    before === undefined
      ? `no file system is known on ${name}, and no listing shows any: mkfs: true makes one`
      : `${name} has ${before.fs_type}: mkfs: true makes a new file system over it`;
  return `wrong fs type, bad superblock: ${there}`;
}

/** A file system over earlier ones is a new generation of the device; those of other partitions move on to it. */
function nextGeneration(tx: Transaction, device: DaxDevice, partition: number | null): number {
  const present = tx.host.tables.file_systems.where((there) => isPresentOn(device, there));
  const untouched = present.filter(
    (there) => partition !== null && there.partition !== null && there.partition !== partition,
  );
  if (untouched.length === present.length) return device.generation;
  const generation = overwritten(tx, device);
  for (const file_system of untouched) carryOver(tx, file_system, generation);
  return generation;
}

/** A file system that another's mkfs did not touch, its mounts and its pins are of the device's new generation too. */
function carryOver(tx: Transaction, file_system: FileSystem, generation: number): void {
  const { id, dax_device, start_pfn, nr_pages } = file_system;
  patch(tx, 'file_systems', id, { generation });
  for (const mount of mountsOf(tx.host, id)) patch(tx, 'mounts', mount.id, { generation });
  for (const pin of pinsOfDevice(tx.host, dax_device)) {
    const inside = pin.pfn_ranges.some(([pfn]) => start_pfn <= pfn && pfn < start_pfn + nr_pages);
    if (pin.generation === file_system.generation && inside) patch(tx, 'pins', pin.id, { generation });
  }
}

function reflinkRefused(tx: Transaction, command: CreateMount, reflink: boolean): Refusal | null {
  if (!reflink || command.dax !== 'always') return null;
  const allowed = factsOf(tx.host).xfs_reflink_with_dax === 'whole_device' && command.partition === undefined;
  return allowed ? null : kernelRefuses('EINVAL', 'DAX and reflink cannot be used together!');
}

function makeFileSystem(
  tx: Transaction,
  command: CreateMount,
  device: DaxDevice,
  generation: number,
  reflink: boolean,
): FileSystem {
  const total = nrPages(device);
  const part = command.partition === undefined ? total : partitionPages(device);
  const start = device.base_pfn + (command.partition === undefined ? 0 : (command.partition - 1) * part);
  const id = nextId(tx, 's');
  const { uid, revision, host } = identity(tx);
  return put(tx, 'file_systems', id, {
    uid,
    revision,
    host,
    id,
    dax_device: device.name,
    partition: command.partition ?? null,
    fs_type: command.fs_type,
    rmapbt: command.fs_type === 'xfs' && (command.rmapbt ?? false),
    reflink,
    agcount: command.fs_type === 'xfs' ? (command.agcount ?? DEFAULT_AGCOUNT) : 1,
    generation,
    start_pfn: start,
    nr_pages: part,
    next_free: firstFilePage(command.fs_type, part),
  });
}
