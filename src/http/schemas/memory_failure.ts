import * as z from 'zod';
import type * as poisoned from '../../engine/questions/poisoned.ts';
import type * as engine from '../../engine/memory_failure/report.ts';
import { MEMORY_FAILURE_RESULTS, MEMORY_FAILURE_SOURCES } from '../../engine/model/vocabulary.ts';
import { dependent } from './depends_on.ts';
import type { BodyOf } from './host.ts';
import { HostCounters } from './host.ts';
import { signalRow } from './removal.ts';
import { Badblocks, Bytes, BytesInput, Count, Hex, Id, Pid, withExample } from './scalar.ts';
import { Errno } from './word.ts';

export const MemoryFailure = z
  .strictObject({
    file: Id.exactOptional().meta({ description: 'A file on the device: `offset` counts from its start.' }),
    mapping: Id.exactOptional().meta({
      description:
        'A mapping of the device or of a file on it: `offset` counts from its start, and madvise is that of its process.',
    }),
    offset: BytesInput.meta({ description: 'Bytes from the start of the device, file or mapping.' }),
    length: BytesInput,
    source: z.enum(MEMORY_FAILURE_SOURCES).meta({
      id: 'MemoryFailureSource',
      description:
        'Who poisons it. madvise: MADV_HWPOISON by a process that maps the range. mce: a machine check, action optional. debugfs: corrupt-pfn, hard_offline_page. soft_offline: MADV_SOFT_OFFLINE, or a write to sysfs. ars: an address range scrub of the NFIT bus finds the bytes bad. inject_error: `ndctl inject-error`, which has it do so; both add badblocks, and call memory_failure() of no page.',
    }),
    by_pid: Pid.exactOptional().meta({
      description:
        'The process that calls madvise (absent: the one whose mapping of the range was made first), or whose load consumed the poison (mce, action required).',
    }),
  })
  .refine(({ file, mapping }) => file === undefined || mapping === undefined, {
    error: 'file and mapping: give one of the two',
    path: ['mapping'],
  })
  .meta({
    id: 'MemoryFailure',
    override: withExample({ file: 'f3', offset: 4096, length: 4096, source: 'mce' }),
  }) satisfies z.ZodType<BodyOf<'memory_failure', 'dax_device'>>;

export const MemoryFailureReport = z
  .strictObject({
    result: z.enum(['ok', 'errno']),
    errno: Errno.nullable().meta({
      description: 'That of the first page that failed: the answer of the kernel.',
    }),
    action_results: z.array(
      z.strictObject({
        type: z.string(),
        result: z.enum(MEMORY_FAILURE_RESULTS).nullable(),
        errno: Errno.nullable(),
        pages: Count,
      }),
    ),
    processes: z.array(z.strictObject({ ...signalRow, fate: z.enum(['delivered', 'pending', 'ignored']) })),
    unmapped_pages: Count.meta({ description: 'Base pages whose entries were removed, for each mapping.' }),
    hwpoisoned_pages: Count,
    badblocks: Badblocks.meta({
      description: 'Sectors of 512 bytes, from the start of the data, that were found bad.',
    }),
    counters: HostCounters,
    kernel_log: z.array(z.string()),
    ...dependent,
  })
  .meta({
    id: 'MemoryFailureReport',
    description: 'The result of memory_failure() of a range.',
  }) satisfies z.ZodType<engine.MemoryFailureReport>;

export const PoisonedRange = z
  .strictObject({
    offset: Bytes,
    length: Bytes,
    phys_addr: Hex.nullable(),
    hwpoison: z.boolean(),
    badblock: z.boolean(),
  })
  .meta({ id: 'PoisonedRange' }) satisfies z.ZodType<poisoned.PoisonedRange>;

export const ClearErrors = z
  .strictObject({ offset: BytesInput, length: BytesInput })
  .meta({ id: 'ClearErrors', override: withExample({ offset: 0, length: '1MiB' }) }) satisfies z.ZodType<
  BodyOf<'clear_errors', 'dax_device'>
>;
