import * as z from 'zod';
import type * as engine from '../../engine/model/host.ts';
import { FILE_STATES } from '../../engine/model/open_file.ts';
import { IO_KINDS } from '../../engine/model/vocabulary.ts';
import type { BodyOf } from './host.ts';
import {
  Bytes,
  BytesInput,
  Count,
  FilePath,
  Id,
  identity,
  Name,
  Pid,
  SizeInput,
  withExample,
} from './scalar.ts';

export const File = z
  .strictObject({
    ...identity,
    id: Id,
    file_system: Id,
    dax_device: z.string(),
    mount: Id,
    path: z.string(),
    size: Bytes,
    extents: z.array(z.strictObject({ offset: Count, pfn: Count, nr_pages: Count })).meta({
      description:
        'offset counts pages of the file; between extents, and where there is none, it has a hole.',
    }),
    dax: z
      .boolean()
      .meta({ description: 'S_DAX: mapped straight to the device; else through the page cache.' }),
    state: z.enum(FILE_STATES).meta({
      description:
        '`unlinked`: no name leads to it, it stays until its last descriptor or mapping goes. `freeing`: that never ends.',
    }),
    uncommitted: z.boolean().meta({
      description:
        'Its times changed after its device went, and no commit has come since: fsync has something to commit.',
    }),
    atime_due: z.boolean().meta({
      description: 'It was changed after its atime: the next read or mmap updates that (relatime).',
    }),
  })
  .meta({ id: 'File', description: 'A file on a DAX device.' }) satisfies z.ZodType<engine.File>;

export const CreateFile = z
  .strictObject({
    mount: Id,
    path: FilePath,
    size: SizeInput,
    dax: z.boolean().exactOptional(),
    sparse: z
      .boolean()
      .exactOptional()
      .meta({ description: 'A size without blocks: one hole. Of a file that uses DAX alone.' }),
  })
  .meta({
    id: 'CreateFile',
    override: withExample(
      { mount: 'm2', path: '/new.db', size: '4MiB' },
      { examples: [{ mount: 'm2', path: '/holes.db', size: '4MiB', sparse: true }] },
    ),
  }) satisfies z.ZodType<BodyOf<'create_file'>>;

export const FileIo = z
  .strictObject({
    pid: Pid,
    kind: z.enum(IO_KINDS),
    offset: BytesInput.default(0),
    length: BytesInput.default(0),
  })
  .meta({
    id: 'FileIo',
    override: withExample({ pid: 102, kind: 'pwrite', offset: 0, length: 4096 }),
  }) satisfies z.ZodType<BodyOf<'file_io', 'file'>>;

export const fileFilters = { mount: Id.exactOptional(), dax_device: Name.exactOptional() };
