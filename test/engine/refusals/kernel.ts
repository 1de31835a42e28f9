import { cached, DAX, devdax, ext4, xfs } from '../rig.ts';
import {
  bare,
  frozenUnmapped,
  gone,
  MAP,
  MOUNT,
  nodeCommand,
  on,
  orphan,
  pinned,
  REMOVE,
  removed,
  removedMapper,
  shutDown,
  staleMapper,
  surprised,
  unboundNode,
  withMapper,
  type Case,
} from '../states.ts';
import { accessCommand, DEVICE, FIXED_BUFFER, MIB, pinCommand, PIPE, UMEM } from '../support.ts';

/** What the kernel, a tool or the model says no to. */
export const KERNEL: readonly Case[] = [
  {
    code: 'kernel_refused',
    errno: 'ENOENT',
    when: 'mount of a devdax',
    make: (kernel) => [devdax(kernel).made, { ...MOUNT, dax_device: DAX }],
  },
  {
    code: 'kernel_refused',
    errno: 'ENOENT',
    when: 'mount of an unbound device',
    make: (kernel) => [removed(ext4(kernel)).made, { ...MOUNT }],
  },
  { code: 'kernel_refused', errno: 'ENOENT', when: 'mmap of a block device that is gone', make: unboundNode },
  {
    code: 'kernel_refused',
    errno: 'EOPNOTSUPP',
    when: 'MAP_SYNC of a block device',
    make: nodeCommand(['shared', 'sync']),
  },
  {
    code: 'kernel_refused',
    errno: 'EINVAL',
    when: 'mount of a device without a file system',
    make: on({ ...MOUNT, mkfs: false }),
  },
  {
    code: 'kernel_refused',
    errno: 'EINVAL',
    when: 'dax=always on a raw device',
    make: on(MOUNT, (kernel) => bare(kernel, 'raw')),
  },
  {
    code: 'kernel_refused',
    errno: 'EBUSY',
    when: 'a partition of a mounted device',
    make: withMapper(() => ({ ...MOUNT, partition: 1 })),
  },
  {
    code: 'kernel_refused',
    errno: 'EBUSY',
    when: 'orderly removal of files in use',
    make: withMapper(() => ({ ...REMOVE, trigger: 'orderly_removal' })),
  },
  {
    code: 'kernel_refused',
    errno: 'EINVAL',
    when: 'umount of a frozen file system that is unmounted',
    kernel: 'v7.3',
    make: frozenUnmapped,
  },
  {
    code: 'kernel_refused',
    errno: 'ENOSPC',
    when: 'a file larger than the file system',
    make: withMapper(({ mount }) => ({ type: 'create_file', mount, path: '/big', size: 1024 * MIB })),
  },
  {
    code: 'kernel_refused',
    errno: 'EIO',
    when: 'mmap on a file system that was shut down',
    make: (kernel) => shutDown(kernel, (rig, pid) => ({ ...MAP, pid, file: rig.file() })),
  },
  {
    code: 'kernel_refused',
    errno: 'EFAULT',
    when: 'a pin of a page that cannot be faulted in',
    make: (kernel) => removedMapper(kernel, (mapping, pid) => pinCommand({ pid, mapping }, PIPE)),
  },
  {
    code: 'kernel_refused',
    errno: 'ENODEV',
    when: 'bind of a device whose medium is gone',
    make: (kernel) => surprised(kernel, { type: 'bind', dax_device: DEVICE }),
  },
  { code: 'kernel_refused', errno: 'ENODEV', when: 'bind of a device that is gone', make: gone },
  {
    code: 'kernel_refused',
    errno: 'ENODEV',
    when: 'bind of device_dax without its parent',
    make: (kernel) => orphan(kernel, { type: 'bind', dax_device: DAX, driver: 'device_dax' }),
  },
  {
    code: 'tool_refused',
    when: 'daxctl on fsdax',
    errno: 'ENODEV',
    make: on({ ...REMOVE, via: 'daxctl_disable_device' }),
  },
  {
    code: 'outcome_unknown',
    when: 'msync of a device node',
    make: (kernel) => {
      const { made, mapper } = devdax(kernel);
      return [made, accessCommand(mapper().mapping, 'msync')];
    },
  },
  {
    code: 'outcome_unknown',
    when: 'mprotect of a stale entry',
    make: (kernel) => staleMapper(kernel, (mapping) => accessCommand(mapping, 'mprotect')),
  },
  {
    code: 'outcome_unknown',
    when: 'release of an RDMA pin after the removal',
    kernel: 'v6.1',
    make: (kernel) => pinned(kernel, { kind: 'longterm', holder: 'rdma' }, 'nobody'),
  },
  {
    code: 'outcome_unknown',
    when: 'release of a pin over what is system RAM now',
    kernel: 'v6.1',
    make: (kernel) => pinned(kernel, UMEM, 'system-ram'),
  },
  {
    code: 'outcome_unknown',
    when: 'exit with a pin over what is system RAM now',
    kernel: 'v6.12',
    make: (kernel) => {
      const [made] = pinned(kernel, FIXED_BUFFER, 'system-ram');
      return [made, { type: 'exit_process', pid: [...made.host.tables.processes.values()][0]?.pid ?? 0 }];
    },
  },
  { code: 'kernel_refused', when: 'mkfs of a mounted device', make: withMapper(() => MOUNT) },
  {
    code: 'not_modelled',
    when: 'a mapping of the block device of a sector namespace (btt)',
    make: nodeCommand(['shared'], 'sector'),
  },
  {
    code: 'kernel_refused',
    when: 'anonymous memory takes no MAP_SYNC',
    make: nodeCommand(['shared', 'sync'], 'system-ram', 256 * MIB),
  },
  {
    code: 'not_modelled',
    when: 'ndctl disable-region of an idle region',
    make: on({ ...REMOVE, via: 'ndctl_disable_region' }),
  },
  {
    code: 'not_modelled',
    when: 'MADV_HWPOISON of a copied page',
    make: withMapper((_rig, mapping) => accessCommand(mapping, 'madvise_hwpoison'), {
      flags: ['private'],
      touched: 'cow',
    }),
  },
  {
    code: 'not_modelled',
    when: 'a journal commit of xfs',
    make: withMapper(({ mount }) => ({ type: 'commit_journal', mount }), {}, xfs),
  },
  {
    code: 'not_modelled',
    when: 'a longterm pin of page cache',
    make: withMapper(
      (_rig, mapping, pid) => pinCommand({ pid, mapping }, UMEM),
      {},
      (kernel) => cached(kernel),
    ),
  },
  {
    code: 'outcome_unknown',
    when: 'a transient pin through a stale entry by who is not known to go one of the ways of gup',
    make: (kernel) =>
      staleMapper(kernel, (mapping, pid) =>
        pinCommand({ pid, mapping }, { kind: 'transient', holder: 'rdma' }),
      ),
  },
];
