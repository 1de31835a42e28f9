import * as z from 'zod';
import type * as engine from '../../engine/model/host.ts';
import { NO_SUCH_PARTITION } from '../../engine/fs/partition.ts';
import {
  DAX_OPTIONS,
  FS_STATES,
  FS_TYPES,
  PARTITIONS_MAX,
  REMOUNT_OPTIONS,
} from '../../engine/model/vocabulary.ts';
import { opened } from './exposure.ts';
import type { BodyOf } from './host.ts';
import { Count, Id, identity, MountPoint, Name, withExample } from './scalar.ts';

const FsType = z.enum(FS_TYPES).meta({ id: 'FsType' });
const DaxOption = z.enum(DAX_OPTIONS).meta({ id: 'DaxOption' });
const FsState = z.enum(FS_STATES).meta({
  description: '`frozen`: by a removal that never ends; see `frozen_by_user` for the freeze of a user.',
});
const MountState = z.enum(['mounted', 'lazy', 'shutting_down']);

export const Mount = z
  .strictObject({
    ...identity,
    id: Id,
    dax_device: z.string(),
    path: z.string(),
    fs_type: FsType,
    dax: DaxOption,
    rmapbt: z.boolean(),
    reflink: z.boolean(),
    agcount: Count,
    partition: Count.nullable(),
    file_system: Id,
    state: MountState.meta({
      description:
        '`lazy`: detached, at no path: by umount -l and still in use, or kept by a freeze. `shutting_down`: detached, and its superblock is never torn down: that oopsed or never returns, until a reboot.',
    }),
    umount_blocked: z.boolean().meta({
      description:
        'Whether its superblock is kept until a reboot, whoever uses it: the umount that detached it never returns, for no grace period of RCU ends, or its last user died, or waits for ever, before it came to the clean-up.',
    }),
    blocked_in: z.string().exactOptional().meta({
      description:
        'The function from which the task that tears its superblock down, or detaches it, never returns; absent where there is none.',
    }),
    fs_state: FsState,
    shutdown_reason: z.string().nullable(),
    journal: z.enum(['live', 'aborted']),
    uncommitted: z.boolean().meta({
      description:
        'Whether a file without a name was freed since its device is gone: that is left to commit.',
    }),
    read_only: z.boolean().meta({ description: 'By a remount, or because an error made it so.' }),
    frozen_by_user: z.boolean().meta({
      description:
        'Whether its user holds it frozen; `fs_state` tells the freeze of a removal, which no thaw ends.',
    }),
    dax_holder: z.boolean().meta({
      description:
        'xfs: whether it holds the dax_device, as the first one mounted on it. From 6.0 on the kernel tells the holder of failures and of the removal, and every further xfs is mounted without DAX.',
    }),
    device_instance: Count,
    generation: Count,
  })
  .meta({
    id: 'Mount',
    description: 'A mounted file system.',
    override: withExample({
      uid: '01a2270d-a0f1-70a4-bc2f-2bc148c66294',
      revision: 2,
      host: 'node-v6.12',
      id: 'm2',
      dax_device: 'pmem0',
      path: '/mnt/orders',
      fs_type: 'ext4',
      dax: 'always',
      rmapbt: false,
      reflink: false,
      agcount: 1,
      partition: null,
      file_system: 's1',
      state: 'mounted',
      umount_blocked: false,
      fs_state: 'alive',
      shutdown_reason: null,
      journal: 'live',
      uncommitted: false,
      read_only: false,
      frozen_by_user: true,
      dax_holder: false,
      device_instance: 1,
      generation: 1,
    }),
  }) satisfies z.ZodType<engine.Mount>;

/** A mount that has just been made; a mkfs before it gives the pfns to another owner. */
export const CreatedMount = z.strictObject({ ...Mount.shape, ...opened }).meta({ id: 'CreatedMount' });

export const CreateMount = z
  .strictObject({
    dax_device: Name,
    path: MountPoint,
    fs_type: FsType,
    dax: DaxOption,
    mkfs: z.boolean().exactOptional().meta({
      description:
        'Makes a new file system first, over what is there: a new owner of its pfns. False: mounts the one that was made here before; no listing shows one, so that an imported device needs `true` once.',
    }),
    rmapbt: z.boolean().exactOptional().meta({
      description:
        'mkfs.xfs -m rmapbt: with it xfs finds the files of pages that fail. xfs with mkfs only; default false.',
    }),
    reflink: z.boolean().exactOptional().meta({
      description:
        'mkfs.xfs -m reflink: files may share blocks. xfs with mkfs only; default false. With `dax: always` some kernels refuse the mount.',
    }),
    agcount: z.int().min(1).max(65536).exactOptional().meta({
      description: 'mkfs.xfs -d agcount: allocation groups. xfs with mkfs only; default 4.',
    }),
    partition: z
      .int()
      .min(1)
      .max(PARTITIONS_MAX, { error: NO_SUCH_PARTITION })
      .exactOptional()
      .meta({
        description: `On that partition: N is the Nth of ${String(PARTITIONS_MAX)} equal parts of the device, on 2 MiB boundaries. Absent: on the whole device.`,
      }),
  })
  .meta({
    id: 'CreateMount',
    override: withExample({ dax_device: 'pmem0', path: '/mnt/second', fs_type: 'ext4', dax: 'always' }),
  }) satisfies z.ZodType<BodyOf<'create_mount'>>;

export const Remount = z.strictObject({ options: z.enum(REMOUNT_OPTIONS) }).meta({
  id: 'Remount',
  override: withExample({ options: 'rw' }, { examples: [{ options: 'ro' }] }),
}) satisfies z.ZodType<BodyOf<'remount', 'mount'>>;

export const mountFilters = {
  dax_device: Name.exactOptional(),
  fs_type: FsType.exactOptional(),
  fs_state: FsState.exactOptional(),
  state: MountState.exactOptional(),
};
