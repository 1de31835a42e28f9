import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { noOpenExposures } from '../../src/engine/model/open_exposures.ts';
import { importing, refusedOf } from './importing.ts';
import { ext4, xfs } from './rig.ts';
import {
  access,
  addDevice,
  addFile,
  addMapper,
  addMount,
  addPin,
  DEVICE,
  found,
  machine,
  MIB,
  PIPE,
  removeDevice,
  type Mapper,
} from './support.ts';
import { exposures, NEXT_TENANT, REPLACE, told, unbound } from './windows.ts';

describe('[EX4] who is another owner', () => {
  test('nobody, where the device is bound again as it was', () => {
    const { made } = unbound();
    made.run({ type: 'bind', dax_device: DEVICE });
    expect(told(made)).toEqual([]);
  });

  test('a new file system over the old one', () => {
    const { made, mount, reader } = unbound();
    made.run({ type: 'bind', dax_device: DEVICE });
    made.run({ type: 'umount', mount, lazy: true });
    addMount(made, { path: '/mnt/b', fs_type: 'xfs' });
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (null): 512 pages, 0 writable; mount_created, open`,
    ]);
  });

  test('another mode', () => {
    const { made, reader } = unbound();
    made.run({ type: 'bind', dax_device: DEVICE, mode: 'devdax' });
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (null): 512 pages, 0 writable; dax_device_bound, open`,
    ]);
  });

  test('another mode that a listing shows', () => {
    const { made, reader } = unbound();
    const device = { name: DEVICE, mode: 'devdax', size: 64 * MIB, change: 'updated' } as const;
    made.run({ type: 'import_inventory', imported: '', devices: [device], record: {} });
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (null): 512 pages, 0 writable; dax_device_changed, open`,
    ]);
  });

  test('not one that it shows of a device in use: that is left out', () => {
    const { made, mapper } = ext4('v6.12');
    mapper();
    const device = { name: DEVICE, mode: 'devdax', size: 64 * MIB, change: 'updated' } as const;
    expect(refusedOf(made, importing([device]))).toEqual([`${DEVICE}: dax_device_in_use`]);
    expect(told(made)).toEqual([]);
  });

  test('another medium, as far as it reaches', () => {
    const { made, mapper } = ext4('v6.12');
    const reader = mapper({ offset: 2 * MIB });
    removeDevice(made, { trigger: 'surprise_removal' });
    const file = found([...made.host.tables.files.values()][0]);
    const first = found(file.extents[0]).pfn - found(made.host.tables.dax_devices.get(DEVICE)).base_pfn;
    made.run({ ...REPLACE, media: { media_serial: '0x2', size: (first + 768) * 4096 }, tenant: 'b' });
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (b): 256 pages, 0 writable; dax_device_changed, open`,
    ]);
  });

  test('not the same medium that is there again', () => {
    const { made } = unbound();
    made.run({ type: 'bind', dax_device: DEVICE });
    removeDevice(made, { trigger: 'surprise_removal' });
    made.run({ type: 'record_hotplug_event', action: 'add', dax_device: DEVICE });
    expect(told(made)).toEqual([]);
  });

  test('a correction of the tenant makes none, and is shown by the windows that are open', () => {
    const { made, reader } = unbound();
    made.run({ type: 'patch_dax_device', dax_device: DEVICE, tenant: 'c' });
    expect(told(made)).toEqual([]);
    made.run(NEXT_TENANT);
    made.run({ type: 'patch_dax_device', dax_device: DEVICE, tenant: 'd' });
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (d): 512 pages, 0 writable; dax_device_bound, open`,
    ]);
    expect(made.events.at(-1)?.type).toBe('exposure_changed');
    const events = made.events.length;
    made.run({ type: 'patch_dax_device', dax_device: DEVICE, labels: { rack: '7' } });
    expect(made.events.length).toBe(events + 1);
  });

  test('mkfs on one partition leaves the others to their owners', () => {
    const made = machine('v6.12');
    addDevice(made, { size: 256 * MIB });
    const mappers = [1, 2].map((partition) => {
      const mount = addMount(made, { path: `/mnt/${String(partition)}`, partition });
      const file = addFile(made, mount.id, '/a');
      return { mount, reader: addMapper(made, { file }) };
    });
    for (const { reader } of mappers) addPin(made, reader, PIPE);
    removeDevice(made);
    made.run({ type: 'bind', dax_device: DEVICE });
    const [one, two] = mappers;
    made.run({ type: 'umount', mount: found(one).mount.id, lazy: true });
    addMount(made, { path: '/mnt/next', fs_type: 'xfs', dax: 'never', partition: 1 });
    expect(told(made)).toEqual([
      `${found(one).reader.mapping} 1 → 2 (null): 512 pages, 0 writable; mount_created, open`,
    ]);
    expect(made.host.tables.mounts.get(found(two).mount.id)?.generation).toBe(2);
    expect([...made.host.tables.pins.values()].map(({ generation }) => generation)).toEqual([1, 2]);
  });

  test('mkfs on a partition is over the file system of the whole device', () => {
    const { made, reader } = unbound();
    made.run({ type: 'bind', dax_device: DEVICE });
    addMount(made, { path: '/mnt/next', fs_type: 'xfs', dax: 'never', partition: 1 });
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (null): 512 pages, 0 writable; mount_created, open`,
    ]);
  });
});

describe('[EX3] a window closes', () => {
  const closings: readonly [string, (reader: Mapper) => Command, string][] = [
    ['by munmap', ({ mapping }) => ({ type: 'munmap', mapping }), 'mapping_deleted'],
    ['by exit', ({ pid }) => ({ type: 'exit_process', pid }), 'process_ended'],
    [
      'by a zap of its entries',
      ({ mapping }) => ({ type: 'access', mapping, kind: 'madvise_dontneed', offset: 0, length: 2 * MIB }),
      'entries_zapped',
    ],
    ['by a reboot', () => ({ type: 'reboot' }), 'host_rebooted'],
    [
      'when the medium goes',
      () => ({ type: 'remove_dax_device', dax_device: DEVICE, trigger: 'surprise_removal' }),
      'removal_started',
    ],
  ];
  test.each(closings)('%s', (_name, command, closed_by) => {
    const { made, reader } = unbound();
    made.run(NEXT_TENANT);
    made.run(command(reader));
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (b): 512 pages, 0 writable; dax_device_bound, ${closed_by}`,
    ]);
    expect(exposures(made)[0]?.closed_at).toBe('2026-01-01T00:00:00Z');
  });

  test('when the pfns go to yet another owner, which opens the next', () => {
    const { made, reader } = unbound();
    made.run(NEXT_TENANT);
    removeDevice(made);
    made.run({ ...NEXT_TENANT, tenant: 'c' });
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (b): 512 pages, 0 writable; dax_device_bound, dax_device_bound`,
      `${reader.mapping} 1 → 3 (c): 512 pages, 0 writable; dax_device_bound, open`,
    ]);
  });

  test('and another opens when the medium is there again', () => {
    const { made, reader } = unbound();
    made.run(NEXT_TENANT);
    removeDevice(made, { trigger: 'surprise_removal' });
    made.run({ type: 'record_hotplug_event', action: 'add', dax_device: DEVICE });
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (b): 512 pages, 0 writable; dax_device_bound, removal_started`,
      `${reader.mapping} 1 → 2 (b): 512 pages, 0 writable; dax_device_changed, open`,
    ]);
  });

  test('in part: it shows the pages that are left', () => {
    const { made, mapper } = xfs('v6.12');
    const reader = mapper({ length: 4 * MIB });
    removeDevice(made);
    made.run(NEXT_TENANT);
    access(made, reader.mapping, 'write', { page: 600 });
    expect(told(made)).toEqual([
      `${reader.mapping} 1 → 2 (b): 512 pages, 0 writable; dax_device_bound, open`,
    ]);
    expect(made.events.at(-1)).toMatchObject({ type: 'exposure_changed', data: { pages: 512 } });
  });

  test('with its host', () => {
    const { made } = unbound();
    made.run(NEXT_TENANT);
    made.run({ type: 'delete_host' });
    expect([exposures(made), made.host.open_exposures]).toEqual([[], noOpenExposures()]);
  });
});

describe('[EX5] the report of a removal', () => {
  test('names the windows that open on its device until the next removal ends', () => {
    const { made } = unbound();
    const first = found([...made.host.tables.removals.keys()][0]);
    made.run(NEXT_TENANT);
    const second = removeDevice(made);
    made.run({ ...NEXT_TENANT, tenant: 'c' });
    const named = [first, second.id].map((id) => made.host.tables.removals.get(id)?.report.exposures);
    expect(named).toEqual(exposures(made).map(({ id }) => [id]));
    expect(first).not.toBe(second.id);
  });

  test('[CUT1] names a hundred, and counts all of them', () => {
    const { made, mapper } = ext4('v6.12');
    for (let count = 0; count < 101; count += 1) mapper({ length: 4096, small: true });
    const { id } = removeDevice(made);
    made.run(NEXT_TENANT);
    expect(exposures(made)).toHaveLength(101);
    const named = (): unknown[] => {
      const { cut, report } = found(made.host.tables.removals.get(id));
      return [cut?.exposures, report.exposures.length, cut?.hazards];
    };
    const { hazards } = found(found(made.host.tables.removals.get(id)).cut);
    expect(named()).toEqual([101, 100, hazards]);
    // Another owner still: they close, and as many open.
    const mount = { path: '/mnt/b', fs_type: 'xfs' } as const;
    made.run({ type: 'umount', mount: addMount(made, mount).id, lazy: false });
    addMount(made, mount);
    expect(exposures(made)).toHaveLength(202);
    expect(named()).toEqual([202, 100, hazards]);
  });
});
