import { describe, expect, test } from 'vitest';
import { ext4, type Rig } from './rig.ts';
import { addFile, addMount, DEVICE, removeDevice, type Machine } from './support.ts';

function files(made: Machine): string[] {
  return [...made.host.tables.files.keys()];
}

function systems(made: Machine): number {
  return made.host.tables.file_systems.size;
}

function survey(made: Machine) {
  return made.ask({ type: 'survey_holders', dax_device: DEVICE });
}

/** Files that the survey lists, and how many the blast radius counts. */
function heldFiles(made: Machine): [string[], number] {
  const { items, blast_radius } = survey(made);
  return [items.filter(({ kind }) => kind === 'file').map(({ id }) => id), blast_radius.files];
}

function umount({ made, mount }: Rig): void {
  made.run({ type: 'umount', mount, lazy: false });
}

describe('[GEN2] files of a file system that is on its medium no more', () => {
  test('go with a medium that is replaced, once they are unmounted', () => {
    const rig = ext4('v6.12');
    const { made } = rig;
    const old = rig.file();
    const { pid } = rig.mapper();
    made.run({ type: 'exit_process', pid });
    removeDevice(made, { trigger: 'surprise_removal' });
    made.run({ type: 'record_hotplug_event', dax_device: DEVICE, action: 'replace' });
    expect(files(made)).toEqual([old]);
    umount(rig);
    expect([files(made), systems(made)]).toEqual([[], 0]);
    expect(made.events.filter(({ type }) => type === 'file_deleted').map(({ subject }) => subject)).toEqual([
      `files/${old}`,
    ]);
    made.run({ type: 'bind', dax_device: DEVICE });
    const mount = addMount(made, { path: '/mnt/new' });
    const next = addFile(made, mount.id, '/a');
    expect([files(made), heldFiles(made)]).toEqual([[next], [[next], 1]]);
  });

  test('go at the mkfs over them, and not at a mount of what is there', () => {
    const rig = ext4('v6.12');
    const { made } = rig;
    const kept = rig.file();
    umount(rig);
    const again = addMount(made, { mkfs: false });
    expect(files(made)).toEqual([kept]);
    made.run({ type: 'umount', mount: again.id, lazy: false });
    addMount(made, { mkfs: true });
    expect([files(made), systems(made)]).toEqual([[], 1]);
  });

  test('stay on the other partitions', () => {
    const rig = ext4('v6.12');
    const { made } = rig;
    umount(rig);
    const one = addMount(made, { path: '/mnt/1', partition: 1 });
    const file = addFile(made, one.id, '/a', 2 ** 20);
    const two = addMount(made, { path: '/mnt/2', partition: 2 });
    const other = addFile(made, two.id, '/b', 2 ** 20);
    made.run({ type: 'umount', mount: two.id, lazy: false });
    addMount(made, { path: '/mnt/2', partition: 2 });
    expect([files(made).includes(file), files(made).includes(other)]).toEqual([true, false]);
  });

  test('stay while somebody maps them, however the device was given away', () => {
    const rig = ext4('v6.12');
    const { made } = rig;
    const { mapping } = rig.mapper();
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE, mode: 'devdax', tenant: 'next' });
    made.run({ type: 'umount', mount: rig.mount, lazy: true });
    expect(files(made)).toEqual([rig.file()]);
    made.run({ type: 'munmap', mapping });
    expect([files(made), systems(made)]).toEqual([[], 0]);
  });
});

test('[HOLD4] a file that no mount shows is no holder, and counts in no blast radius', () => {
  const rig = ext4('v6.12');
  const file = rig.file();
  expect(heldFiles(rig.made)).toEqual([[file], 1]);
  umount(rig);
  expect(heldFiles(rig.made)).toEqual([[], 0]);
  expect(files(rig.made)).toEqual([file]);
});
