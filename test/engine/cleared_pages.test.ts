import { expect, test } from 'vitest';
import { bind, end, opener, umount } from './evicting.ts';
import { touch } from './observe.ts';
import { ext4, rigOn, type Rig } from './rig.ts';
import { addMount, DEVICE, found, removeDevice, returned, type Mapper } from './support.ts';

const OLD_KERNELS = ['v5.10', 'v6.1', 'v6.12'] as const;

interface Tenant extends Rig {
  readonly user: Mapper;
}

/** A newer file system whose file has the pages that the older one, unmounted since, had faulted. */
function tenant(kernel: (typeof OLD_KERNELS)[number]): Tenant {
  const old = ext4(kernel);
  const { pid } = opener(old);
  removeDevice(old.made);
  bind(old);
  const { id } = addMount(old.made, { fs_type: 'xfs', path: '/mnt/new' });
  const made = rigOn(old.made, id);
  const user = made.mapper({ touched: 'write' });
  end(old, pid);
  expect(umount(old)).toMatchObject({ result: 'ok' });
  return { ...made, user };
}

const pages = ({ made }: Rig) =>
  found(made.host.tables.dax_devices.get(DEVICE)).cleared.reduce((sum, [, nr]) => sum + nr, 0);

function poison({ made, file }: Rig): string {
  const bytes = { dax_device: DEVICE, file: file(), offset: 0, length: 4096 };
  const { errno, processes } = returned(made.run({ type: 'memory_failure', ...bytes, source: 'debugfs' }));
  return `${String(processes.length)} signalled, ${String(errno)}`;
}

test.each(OLD_KERNELS)('[S7] its pages lose page->mapping, and poison of them is EBUSY: %s', (kernel) => {
  const rig = tenant(kernel);
  expect(pages(rig)).toBe(512);
  expect([touch(rig.made, rig.user, 'read'), touch(rig.made, rig.user, 'write')]).toEqual(['ok', 'ok']);
  expect(poison(rig)).toBe('0 signalled, EBUSY');
  removeDevice(rig.made);
  bind(rig);
  expect(pages(rig), 'with the next pgmap').toBe(0);
});

test('[S7] once that file system is evicted itself, they are associated anew', () => {
  const rig = tenant('v6.12');
  end(rig, rig.user.pid);
  expect(umount(rig)).toMatchObject({ result: 'ok' });
  expect(pages(rig)).toBe(0);
});
