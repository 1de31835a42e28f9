import * as z from 'zod';
import type * as engine from '../../engine/model/host.ts';
import { OPEN_FLAGS } from '../../engine/model/open_file.ts';
import {
  ACCESS_KINDS,
  ACTIVITIES,
  MAP_FLAGS,
  PAGE_SIZES,
  POPULATE_KINDS,
  PROTS,
} from '../../engine/model/vocabulary.ts';
import type { BodyOf } from './host.ts';
import {
  Bytes,
  BytesInput,
  Count,
  exactlyOneOf,
  Hex,
  Id,
  identity,
  Name,
  Pid,
  queryInteger,
  withExample,
} from './scalar.ts';

const MapFlags = z
  .array(z.enum(MAP_FLAGS))
  .min(1)
  .max(2)
  .meta({ examples: [['shared'], ['shared', 'sync']] });
const Prot = z.enum(PROTS);
const Activity = z
  .enum(ACTIVITIES)
  .meta({ description: '`storing`: stores into its touched pages without pause.' });
export const PageSize = z.literal(PAGE_SIZES);
const PAGE_SIZE_OF = { '4KiB': 4096, '2MiB': 2097152, '1GiB': 1073741824 } as const;
const PageSizeInput = z.union(
  [PageSize, z.enum(['4KiB', '2MiB', '1GiB']).transform((text) => PAGE_SIZE_OF[text])],
  { error: 'expected "4KiB", "2MiB" or "1GiB"' },
);

/** Whether one of these is told, and no other. */
const isOne = (...told: readonly unknown[]): boolean => told.filter((one) => one !== undefined).length === 1;

export const Mapping = z
  .strictObject({
    ...identity,
    id: Id,
    pid: Pid,
    dax_device: z.string(),
    file: Id.nullable(),
    description: Id.nullable().meta({
      description:
        'The open file description that it holds: its own id where it was opened for it alone. null: anonymous memory.',
    }),
    opened: z
      .enum(OPEN_FLAGS)
      .nullable()
      .meta({ description: 'How that was opened. null: anonymous memory.' }),
    offset: Bytes,
    length: Bytes,
    address: Hex,
    flags: z.array(z.enum(MAP_FLAGS)),
    prot: Prot,
    page_size: PageSize.meta({ description: "The largest entry the VMA's alignment allows." }),
    activity: Activity,
    device_instance: Count,
    generation: Count.meta({ description: "The device's generation when it was made." }),
    anonymous: z.boolean().meta({ description: 'Memory of system-ram: no file stands behind it.' }),
    present: z
      .strictObject({ pte: Count, pmd: Count, pud: Count, anon: Count })
      .meta({ description: 'Present entries by size; anon counts pages copied on write.' }),
  })
  .meta({
    id: 'Mapping',
    description: 'One VMA and its page-table entries.',
  }) satisfies z.ZodType<engine.Mapping>;

const MAPPED = { offset: 0, length: '2MiB', flags: ['shared'], prot: 'rw' };

export const CreateMapping = z
  .strictObject({
    pid: Pid,
    file: Id.exactOptional(),
    dax_device: Name.exactOptional(),
    open_file: Id.exactOptional().meta({ description: 'Maps through this descriptor; of the same process.' }),
    offset: BytesInput,
    length: BytesInput,
    flags: MapFlags,
    prot: Prot,
    page_size: PageSizeInput.exactOptional(),
    populate: z.enum(POPULATE_KINDS).exactOptional(),
    activity: Activity.exactOptional(),
  })
  .refine(({ file, dax_device, open_file }) => isOne(file, dax_device, open_file), {
    error: 'exactly one of file, dax_device and open_file is needed',
    path: ['file'],
  })
  .meta({
    id: 'CreateMapping',
    override: withExample(
      { pid: 102, file: 'f3', ...MAPPED, populate: 'read' },
      {
        examples: [
          { pid: 102, dax_device: 'pmem0', ...MAPPED },
          { pid: 102, open_file: 'o11', ...MAPPED },
        ],
        ...exactlyOneOf('file', 'dax_device', 'open_file'),
      },
    ),
  }) satisfies z.ZodType<BodyOf<'create_mapping'>>;

export const Access = z
  .strictObject({
    offset: BytesInput,
    length: BytesInput.default(1),
    kind: z.enum(ACCESS_KINDS),
    by_pid: Pid.exactOptional().meta({
      description:
        'The process that looks, for `process_vm_readv`, `ptrace`, `smaps`, `pagemap` and `numa_maps`: it spins or dies, and the process of the mapping lives on. Absent: a process that is not recorded.',
    }),
  })
  .meta({ id: 'Access', override: withExample({ offset: 0, length: 64, kind: 'read' }) }) satisfies z.ZodType<
  BodyOf<'access', 'mapping'>
>;

export const mappingFilters = {
  pid: queryInteger(1, 4194304).exactOptional(),
  file: Id.exactOptional(),
  dax_device: Name.exactOptional(),
};
