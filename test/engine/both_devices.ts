import type { KernelName } from '../../src/engine/model/vocabulary.ts';
import { ext4, type Rig } from './rig.ts';
import { addDevice, addFile, addMount, MIB, removeDevice } from './support.ts';

/** A process that maps a file of pmem0, which is gone and its file system detached, and one of pmem1. */
export function usersOfBoth(kernel: KernelName): Rig & { readonly pid: string } {
  const rig = ext4(kernel);
  const { pid } = rig.mapper({ touched: 'write' });
  mapAnother(rig, pid);
  removeDevice(rig.made);
  rig.made.run({ type: 'umount', mount: rig.mount, lazy: true });
  return { ...rig, pid: String(pid) };
}

/** A process maps a file of pmem1, too. */
export function mapAnother({ made }: Rig, pid: number): void {
  addDevice(made, { name: 'pmem1' });
  const file = addFile(made, addMount(made, { dax_device: 'pmem1', path: '/mnt/b' }).id, '/g');
  const how = { offset: 0, length: 2 * MIB, flags: ['shared'], prot: 'rw', populate: 'write' } as const;
  made.run({ type: 'create_mapping', pid, file, ...how });
}
