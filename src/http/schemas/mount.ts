import * as z from 'zod';
import type * as engine from '../../engine/host.ts';
import { DAX_OPTIONS, FS_STATES, FS_TYPES } from '../../engine/vocabulary.ts';
import { opened } from './exposure.ts';
import type { BodyOf } from './host.ts';
import { Count, Id, identity, MountPoint, Name, withExample } from './scalar.ts';

const FsType = z.enum(FS_TYPES).meta({ id: 'FsType' });
const DaxOption = z.enum(DAX_OPTIONS).meta({ id: 'DaxOption' });
const FsState = z.enum(FS_STATES);
const MountState = z.enum(['mounted', 'lazy']);

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
    state: MountState.meta({ description: '`lazy`: detached by umount -l, still in use.' }),
    fs_state: FsState,
    shutdown_reason: z.string().nullable(),
    journal: z.enum(['live', 'aborted']),
    read_only: z.boolean(),
    device_instance: Count,
    generation: Count,
  })
  .meta({ id: 'Mount', description: 'A mounted file system.' }) satisfies z.ZodType<engine.Mount>;

/** A mount that has just been made; a mkfs before it gives the pfns to another owner. */
export const CreatedMount = z.strictObject({ ...Mount.shape, ...opened }).meta({ id: 'CreatedMount' });

export const CreateMount = z
  .strictObject({
    dax_device: Name,
    path: MountPoint,
    fs_type: FsType,
    dax: DaxOption,
    mkfs: z.boolean().exactOptional(),
    rmapbt: z.boolean().exactOptional(),
    reflink: z.boolean().exactOptional(),
    agcount: z.int().min(1).max(65536).exactOptional(),
    partition: z.int().min(1).max(128).exactOptional(),
  })
  .meta({
    id: 'CreateMount',
    override: withExample({ dax_device: 'pmem0', path: '/mnt/second', fs_type: 'ext4', dax: 'always' }),
  }) satisfies z.ZodType<BodyOf<'create_mount'>>;

export const mountFilters = {
  dax_device: Name.exactOptional(),
  fs_type: FsType.exactOptional(),
  fs_state: FsState.exactOptional(),
  state: MountState.exactOptional(),
};
