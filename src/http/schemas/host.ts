import * as z from 'zod';
import type { Command } from '../../engine/model/command.ts';
import type { HostRecord } from '../../engine/model/host.ts';
import { HOST_HEALTH, KERNEL_NAMES } from '../../engine/model/vocabulary.ts';
import { elsewhere } from './elsewhere.ts';
import { EXAMPLE_KERNEL } from './example_kernels.ts';
import { Bytes, BytesInput, Count, identity, Labels, Name, withExample } from './scalar.ts';

export const KernelName = z
  .enum(KERNEL_NAMES)
  .meta({ id: 'KernelName', description: 'A kernel profile; GET /v1/kernels shows each as data.' });
const Sysctl = z.strictObject({ memory_failure_early_kill: z.literal([0, 1]) });
const OnlinePolicy = z
  .enum(['offline', 'online', 'online_kernel', 'online_movable'])
  .meta({ id: 'OnlinePolicy' });
/** 128 MiB below 64 GiB of RAM; above it up to 2 GiB (KM1). */
const MemoryBlockBytes = BytesInput.refine(
  (bytes) => bytes >= 2 ** 27 && bytes <= 2 ** 31 && Number.isInteger(Math.log2(bytes)),
  { error: 'expected a power of two from 128 MiB to 2 GiB' },
);
export const HostHealth = z.enum(HOST_HEALTH);

const MemoryFailureCounters = z
  .strictObject({ total: Count, ignored: Count, failed: Count, delayed: Count, recovered: Count })
  .meta({ id: 'MemoryFailureCounters', description: 'nodeN/memory_failure/*, by `nodeN`.' });
export const HostCounters = z
  .strictObject({
    HardwareCorrupted_kB: z.int().meta({
      description: 'Of /proc/meminfo; negative where the unsigned counter wrapped below zero.',
    }),
    memory_failure: z.record(z.string(), MemoryFailureCounters),
  })
  .meta({ id: 'HostCounters' });
const PROPOSED = {
  devdax_memory_failure: z.boolean().meta({ description: 'FU9; of a kernel that has it in `proposed`.' }),
  kmem_memory_failure: z.boolean().meta({ description: 'FU11; of a kernel that has it in `proposed`.' }),
};
const Proposed = z
  .strictObject({
    devdax_memory_failure: PROPOSED.devdax_memory_failure.exactOptional(),
    kmem_memory_failure: PROPOSED.kmem_memory_failure.exactOptional(),
  })
  .meta({ id: 'Proposed', description: 'Proposed parameters of the series, off by default.' });

export const Host = z
  .strictObject({
    ...identity,
    name: z.string(),
    kernel: KernelName,
    sysctl: Sysctl,
    auto_online_blocks: OnlinePolicy,
    memory_block_bytes: Bytes.meta({ description: 'memory_block_size_bytes() of the machine.' }),
    labels: Labels,
    counters: HostCounters,
    proposed: z.strictObject(PROPOSED),
    health: HostHealth,
    next_id: Count.meta({ description: 'The number the next readable id of this host gets.' }),
  })
  .meta({ id: 'Host', description: 'One machine.' }) satisfies z.ZodType<HostRecord>;

export const CreateHost = z
  .strictObject({
    name: Name,
    kernel: KernelName,
    sysctl: Sysctl.exactOptional(),
    auto_online_blocks: OnlinePolicy.exactOptional(),
    memory_block_bytes: MemoryBlockBytes.exactOptional(),
    labels: Labels.exactOptional(),
    proposed: Proposed.exactOptional(),
  })
  .meta({
    id: 'CreateHost',
    override: withExample({ name: 'node-new', kernel: EXAMPLE_KERNEL }),
  }) satisfies z.ZodType<BodyOf<'create_host'>>;

export const PatchHost = z
  .strictObject({
    sysctl: Sysctl.exactOptional(),
    auto_online_blocks: OnlinePolicy.exactOptional(),
    memory_block_bytes: MemoryBlockBytes.exactOptional().meta({
      description: 'Not while the host has memory blocks of another size.',
    }),
    labels: Labels.exactOptional(),
    proposed: Proposed.exactOptional(),
  })
  .meta({ id: 'PatchHost', override: withExample({ labels: { rack: 'r1' } }) })
  .register(elsewhere, {
    kernel: 'another kernel boots: use reboot, POST /v1/hosts/{host}/reboot with {"kernel": …}',
    name: 'a host keeps its name',
  }) satisfies z.ZodType<BodyOf<'patch_host'>>;

/** The body may be absent: the same kernel boots again. */
export const Reboot = z
  .strictObject({ kernel: KernelName.exactOptional() })
  .default({})
  .meta({ id: 'Reboot', override: withExample({ kernel: EXAMPLE_KERNEL }) });

/** A command without its type and without what the path already says. */
export type BodyOf<T extends Command['type'], InPath extends string = never> = Omit<
  Extract<Command, { type: T }>,
  'type' | InPath
>;
