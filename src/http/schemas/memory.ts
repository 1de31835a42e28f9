import * as z from 'zod';
import type * as engine from '../../engine/device/kmem/memory_block.ts';
import type { Capacity as EngineCapacity } from '../../engine/questions/capacity.ts';
import { MEMORY_BLOCK_STATES } from '../../engine/model/vocabulary.ts';
import { dependent } from './depends_on.ts';
import type { BodyOf } from './host.ts';
import { Bytes, Count, Hex, withExample } from './scalar.ts';
import { Outcome } from './outcome.ts';
import { Errno } from './word.ts';

const MemoryBlockState = z.enum(MEMORY_BLOCK_STATES).meta({ id: 'MemoryBlockState' });

const ShownBlockState = z.enum([...MEMORY_BLOCK_STATES, 'going-offline']).meta({
  id: 'ShownBlockState',
  description: 'How it stands. `going-offline`: the write of `offline` has not returned, or died.',
});

const block = {
  host: z.string(),
  id: z.string().meta({ examples: ['memory80'], description: '`memoryN`, as in its path.' }),
  name: z.string().meta({ examples: ['memory80'] }),
  block: Count.meta({ description: 'Physical address by block size.' }),
  dax_device: z.string(),
  state: ShownBlockState,
  zone: z.enum(['Normal', 'Movable']).nullable(),
  kernel_pages: z.boolean().nullable().meta({
    description:
      'Whether the kernel has pages of its own there that cannot move; null: nobody has told, and outside ZONE_MOVABLE chance decides whether the block goes offline.',
  }),
  removable: z.boolean().nullable().meta({
    description:
      '`memoryN/removable`, as it was told since its state changed last. Since 5.6 it is 1 of every block, whatever is in it, and 0 where the kernel cannot offline any.',
  }),
  valid_zones: z
    .string()
    .nullable()
    .meta({
      description:
        '`memoryN/valid_zones`: as it was told since its state changed last, else the zone of a block that is online.',
      examples: ['Normal'],
    }),
  node: z.int().nullable(),
  phys_addr: Hex.nullable(),
  size: Bytes,
  pages_in_use: Count,
  hwpoisoned_pages: Count,
  leaked: z.boolean().meta({ description: 'Its range has leaked: it stays reserved until a reboot.' }),
};

export const MemoryBlock = z.strictObject(block).meta({
  id: 'MemoryBlock',
  description: 'One memory block of system-ram. Part of a range: it has no uid and no revision of its own.',
}) satisfies z.ZodType<engine.MemoryBlock>;

/** The block after a write to its state; `blocked` where the write does not return. */
export const WrittenMemoryBlock = z
  .strictObject({
    ...block,
    result: z
      .enum(['ok', 'blocked', 'kernel_oops'])
      .meta({ description: '`kernel_oops`: the kernel has died of the write, and who wrote is killed.' }),
    kernel_oopses: Outcome.shape.kernel_oopses,
    blocked_in: z.string().nullable(),
    ...dependent,
  })
  .meta({ id: 'WrittenMemoryBlock' });

/** As sysfs prints it, or as JSON has it. */
const RemovableInput = z
  .union([z.boolean(), z.literal([0, 1]).transform((bit) => bit === 1)], {
    error: 'expected true, false, 0 or 1',
  })
  .meta({
    description:
      'What `memoryN/removable` prints. 0: the kernel may refuse to offline the block; 1 says nothing of what is in it.',
  });

/** The zones that valid_zones_show() can print. */
const ZONES = /^(none|(DMA(32)?|Normal|HighMem|Movable)( (DMA(32)?|Normal|HighMem|Movable))?)$/;

const ValidZonesInput = z
  .string()
  .trim()
  .regex(ZONES, {
    error: 'expected what valid_zones prints: "Normal", "Movable", "Normal Movable", "none", …',
  })
  .meta({
    description:
      'What `memoryN/valid_zones` prints: the zone that an online block is in (`none`: more than one, it cannot go offline), or those to which an offline one may be brought, first the one of `online`.',
    examples: ['Normal', 'Movable', 'Normal Movable', 'none'],
  });

export const PatchMemoryBlock = z
  .strictObject({
    state: MemoryBlockState.exactOptional().meta({ description: 'A write to `memoryN/state`.' }),
    kernel_pages: z.boolean().nullable().exactOptional().meta({
      description: "What is known of the kernel's own pages in it, said before the write.",
    }),
    removable: RemovableInput.exactOptional(),
    valid_zones: ValidZonesInput.exactOptional(),
  })
  .refine((body) => Object.keys(body).length > 0, {
    error: 'expected state, kernel_pages, removable or valid_zones',
    path: ['state'],
  })
  .meta({ id: 'PatchMemoryBlock', override: withExample({ state: 'offline' }) }) satisfies z.ZodType<
  BodyOf<'patch_memory_block', 'dax_device' | 'block'>
>;

/** What is done to all memory of a device by daxctl. */
export const DaxctlMemory = z
  .strictObject({
    host: z.string(),
    dax_device: z.string(),
    result: z.enum(['ok', 'errno']).meta({
      description: '`errno`: it stopped at a block whose write was refused; those before it stay as written.',
    }),
    errno: Errno.nullable(),
    detail: z.string().nullable(),
    written: Count.meta({ description: 'Memory blocks that it brought online or offline.' }),
    memory_blocks: z
      .strictObject({ online: Count, total: Count, movable: z.boolean().nullable() })
      .meta({ description: 'As `daxctl list` counts them now.' }),
    ...dependent,
  })
  .meta({ id: 'DaxctlMemory' });

/** The body may be absent: to ZONE_MOVABLE. */
export const OnlineMemory = z
  .strictObject({
    no_movable: z
      .boolean()
      .exactOptional()
      .meta({ description: '`--no-movable`: `online` is written, not `online_movable`.' }),
  })
  .default({})
  .meta({ id: 'OnlineMemory', override: withExample({}) }) satisfies z.ZodType<
  BodyOf<'online_memory', 'dax_device'>
>;

const bytes = {
  total: Bytes,
  free: Bytes.meta({ description: 'No driver claims it.' }),
  used: Bytes.meta({ description: 'A driver holds its request_mem_region().' }),
  leaked: Bytes.meta({ description: 'No driver holds it, and none can until a reboot.' }),
};

/** total = free + used + leaked, of each device and of the host. */
export const Capacity = z
  .strictObject({
    ...bytes,
    devices: z.array(
      z.strictObject({
        ...bytes,
        dax_device: z.string(),
        unaligned: Bytes.meta({ description: 'Outside whole memory blocks; free, and of no use to kmem.' }),
      }),
    ),
    leaked_ranges: z.array(
      z.strictObject({
        phys_addr: Hex.meta({ description: 'As in the report of its removal.' }),
        size: Bytes,
        dax_device: z.string(),
        since: z.iso.datetime(),
        until: z.literal('reboot'),
      }),
    ),
  })
  .meta({
    id: 'Capacity',
    description: 'How much of the devices of a host is free, used and leaked.',
  }) satisfies z.ZodType<EngineCapacity>;
