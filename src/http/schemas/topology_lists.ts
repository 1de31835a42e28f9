import * as z from 'zod';
import { Align, newDevice } from './dax_device.ts';
import { CreateFile } from './file.ts';
import { CreateMapping, PageSize } from './mapping.ts';
import { CreateMount } from './mount.ts';
import { CreateOpenFile } from './open_file.ts';
import { CreatePin } from './pin.ts';
import { CreateProcess } from './process.ts';
import { Bytes, Count, exactlyOneOf, FilePath, MountPoint, Name, Pid, Text, withExample } from './scalar.ts';

/** The lists of a topology: what a POST takes, with names in place of ids. */

/** Of examples. */
export const FILE = { mount: '/mnt/orders', path: '/orders.db' };
export const MAPPED = { file: FILE, offset: 0, length: '2MiB', flags: ['shared'], prot: 'rw' };
const MAPPED_BYTES = { ...MAPPED, length: 2097152 };

const FileName = z
  .strictObject({ mount: MountPoint, path: FilePath })
  .meta({ id: 'FileName', description: 'A file by where its file system is mounted, and its path there.' });

const { provider: _provider, ...declaredDevice } = newDevice;
const device = {
  ...declaredDevice,
  provider: Text.nullable().exactOptional().meta({ description: 'Also a word that only a listing has.' }),
  holders: z.literal('told').exactOptional().meta({
    description: 'That nobody uses it; of one that is used it goes without saying.',
  }),
};

const { mkfs: _mkfs, ...declaredMount } = CreateMount.shape;
const DeclaredMount = z
  .strictObject({ ...declaredMount, read_only: z.boolean().exactOptional() })
  .meta({ id: 'DeclaredMount', description: 'Its file system is made where there is none such.' });

const { mount: _mount, path: _path, ...declaredFile } = CreateFile.shape;
const file = { ...FileName.shape, ...declaredFile };

const DeclaredProcess = z.strictObject({ ...CreateProcess.shape, pid: Pid }).meta({
  id: 'DeclaredProcess',
  description: 'What a child has of its parent is declared of itself.',
});

const target = { file: FileName.exactOptional(), dax_device: Name.exactOptional() };
const ONE_TARGET = { error: 'exactly one of file and dax_device is needed', path: ['file'] };

/** Of a file or of a device. */
function targeted<Shape extends typeof target & z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape).refine((said) => {
    const { file: of, dax_device } = said as { readonly file?: unknown; readonly dax_device?: unknown };
    return (of === undefined) !== (dax_device === undefined);
  }, ONE_TARGET);
}
const oneTarget = (example: object) => withExample(example, exactlyOneOf('file', 'dax_device'));

const { flags: openFlags } = CreateOpenFile.shape;
const DeclaredOpenFile = targeted({ pid: Pid, ...target, flags: openFlags }).meta({
  id: 'DeclaredOpenFile',
  override: oneTarget({ pid: 42, file: FILE, flags: ['rdonly'] }),
});

const { open_file: _open_file, ...declaredMapping } = CreateMapping.shape;
const mapping = { ...declaredMapping, ...target };
const MAPPING_TEXT =
  'How it stands. `populate`: which of its pages have entries: none, all, or all and writable. Where it is absent, whichever have.';

const { offset, length, flags, prot } = CreateMapping.shape;
const mappingName = {
  ...target,
  ...{ offset, length, flags, prot },
  nth: Count.exactOptional().meta({
    description: 'Which of the mappings of the process that are alike in this, from 0, in their order.',
  }),
};
const PIN_TEXT = 'A pin of a mapping of its process.';

/** As a PUT takes them: sizes may be texts. */
export const ASKED = {
  dax_devices: z.array(z.strictObject(device).meta({ id: 'DeclaredDaxDevice' })),
  mounts: z.array(DeclaredMount),
  files: z.array(z.strictObject(file).meta({ id: 'DeclaredFile' })),
  processes: z.array(DeclaredProcess),
  open_files: z.array(DeclaredOpenFile),
  mappings: z.array(
    targeted(mapping).meta({
      id: 'DeclaredMapping',
      description: MAPPING_TEXT,
      override: oneTarget({ pid: 42, ...MAPPED }),
    }),
  ),
  pins: z.array(
    z
      .strictObject({
        ...CreatePin.shape,
        mapping: targeted(mappingName).meta({ id: 'MappingName', override: oneTarget(MAPPED) }),
      })
      .meta({ id: 'DeclaredPin', description: PIN_TEXT }),
  ),
};

const bytes = { offset: Bytes, length: Bytes };

/** As a GET answers them: sizes are numbers. */
export const TOLD = {
  dax_devices: z.array(
    z
      .strictObject({ ...device, size: Bytes, align: Align.nullable().exactOptional() })
      .meta({ id: 'ExportedDaxDevice' }),
  ),
  mounts: z.array(DeclaredMount),
  files: z.array(z.strictObject({ ...file, size: Bytes }).meta({ id: 'ExportedFile' })),
  processes: z.array(DeclaredProcess),
  open_files: z.array(DeclaredOpenFile),
  mappings: z.array(
    targeted({ ...mapping, ...bytes, page_size: PageSize.exactOptional() }).meta({
      id: 'ExportedMapping',
      description: MAPPING_TEXT,
      override: oneTarget({ pid: 42, ...MAPPED_BYTES }),
    }),
  ),
  pins: z.array(
    z
      .strictObject({
        ...CreatePin.shape,
        ...bytes,
        mapping: targeted({ ...mappingName, ...bytes }).meta({
          id: 'ExportedMappingName',
          override: oneTarget(MAPPED_BYTES),
        }),
      })
      .meta({ id: 'ExportedPin', description: PIN_TEXT }),
  ),
};
