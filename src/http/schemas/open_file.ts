import * as z from 'zod';
import { OPEN_FLAGS, type OpenFile as EngineOpenFile } from '../../engine/model/open_file.ts';
import type { BodyOf } from './host.ts';
import { Count, exactlyOneOf, Id, identity, Name, Pid, queryInteger, withExample } from './scalar.ts';

const Description = Id.meta({
  description:
    'The open file description: the id of the descriptor or mapping that it was opened for. A fork, and each mapping made through a descriptor, holds the same.',
});

export const OpenFile = z
  .strictObject({
    ...identity,
    id: Id,
    pid: Pid,
    dax_device: z.string(),
    file: Id.nullable().meta({ description: 'null: the device node itself.' }),
    flags: z.array(z.enum(OPEN_FLAGS)),
    description: Description,
    device_instance: Count.meta({ description: 'The instance of the device whose inode it has open.' }),
    opened_dead: z.boolean().meta({
      description:
        'The node of a device-dax, opened while that was not alive: an mmap through it oopses, for good.',
    }),
  })
  .meta({
    id: 'OpenFile',
    description: 'A descriptor of a process.',
    override: withExample({
      uid: '01a2270d-a26f-711a-a2f2-ebff24d1af4e',
      revision: 1,
      host: 'node-v6.12',
      id: 'o11',
      pid: 102,
      dax_device: 'pmem0',
      file: 'f3',
      flags: ['rdwr'],
      description: 'o11',
      device_instance: 1,
      opened_dead: false,
    }),
  }) satisfies z.ZodType<EngineOpenFile>;

export const CreateOpenFile = z
  .strictObject({
    pid: Pid,
    file: Id.exactOptional(),
    dax_device: Name.exactOptional(),
    flags: z
      .array(z.enum(OPEN_FLAGS))
      .length(1)
      .default(['rdwr'])
      .meta({ description: 'The access mode of open(2).' }),
  })
  .refine((open_file) => (open_file.file === undefined) !== (open_file.dax_device === undefined), {
    error: 'exactly one of file and dax_device is needed',
    path: ['file'],
  })
  .meta({
    id: 'CreateOpenFile',
    override: withExample(
      { pid: 102, file: 'f3', flags: ['rdwr'] },
      {
        examples: [
          { pid: 102, file: 'f3', flags: ['rdonly'] },
          { pid: 102, dax_device: 'pmem0' },
        ],
        ...exactlyOneOf('file', 'dax_device'),
      },
    ),
  }) satisfies z.ZodType<BodyOf<'open_file'>>;

export const openFileFilters = {
  pid: queryInteger(1, 4194304).exactOptional(),
  file: Id.exactOptional(),
  dax_device: Name.exactOptional(),
};
