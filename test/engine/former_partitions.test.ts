import { expect, test } from 'vitest';
import type { CreateMount } from '../../src/engine/model/use_command.ts';
import { isRefusal, type Refusal } from '../../src/engine/model/refusal.ts';
import { addDevice, addFile, addMount, DEVICE, found, machine, MIB } from './support.ts';

const MOUNT: CreateMount = {
  type: 'create_mount',
  dax_device: DEVICE,
  path: '/again',
  fs_type: 'ext4',
  dax: 'always',
};

/** A device with a file system on partition 5, as earlier versions made it, and a file on it. */
function formerly() {
  const made = machine('v6.12');
  addDevice(made, { size: 64 * MIB });
  const mount = addMount(made, { partition: 4 });
  addFile(made, mount.id, '/data', MIB);
  const { file_systems, mounts } = made.host.tables;
  const system = found(file_systems.get(mount.file_system));
  const start_pfn = system.start_pfn + system.nr_pages;
  file_systems.set(system.id, { ...system, partition: 5, start_pfn });
  mounts.set(mount.id, { ...mount, partition: 5 });
  return { made, mount: mount.id };
}

test.each([false, true])(
  '[PART1] partition 5, where there was one, is not mounted again with mkfs %s',
  (mkfs) => {
    const { made, mount } = formerly();
    made.run({ type: 'umount', mount, lazy: false });
    const refused = made.try({ ...MOUNT, partition: 5, mkfs });
    expect(isRefusal(refused)).toBe(true);
    expect(refused).toMatchObject({ code: 'invalid_field', pointer: '/partition' });
    expect((refused as Refusal).detail).toMatch(/cannot be mounted again: mkfs: true makes a new one/);
  },
);

test('[PART1] it ends with a mkfs on the whole device, and leaves the other partitions free', () => {
  const { made, mount } = formerly();
  made.run({ type: 'umount', mount, lazy: false });
  const first = addMount(made, { partition: 1, path: '/first' });
  made.run({ type: 'umount', mount: first.id, lazy: false });
  made.run({ ...MOUNT, mkfs: true });
  const { file_systems, files } = made.host.tables;
  expect([...file_systems.values()].map(({ partition }) => partition)).toEqual([null]);
  expect([...files.keys()]).toEqual([]);
});
