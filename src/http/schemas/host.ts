import * as z from 'zod';
import type { Command } from '../../engine/model/command.ts';
import { KERNEL_PROBE_MAX, KERNEL_RELEASE_MAX } from '../../engine/model/kernel_probes.ts';
import type { HostRecord } from '../../engine/model/host.ts';
import { NEVER_ENDING } from '../../engine/model/never_ending.ts';
import { HOST_HEALTH, HOST_KERNELS, KERNEL_NAMES, ONLINE_POLICIES } from '../../engine/model/vocabulary.ts';
import { elsewhere } from './elsewhere.ts';
import { EXAMPLE_KERNEL } from './example_kernels.ts';
import { Bytes, BytesInput, Count, identity, Labels, Name, withExample } from './scalar.ts';

export const KernelName = z
  .enum(KERNEL_NAMES)
  .meta({ id: 'KernelName', description: 'A kernel profile; GET /v1/kernels shows each as data.' });
/** A profile, or `resolved`: words that come later are to be borne by clients. */
export const HostKernel = z.enum(HOST_KERNELS).meta({
  id: 'HostKernel',
  description:
    'What a host runs: a kernel profile, or `resolved`, a kernel that is made out by its release: GET /v1/hosts/{host}/kernel shows how.',
  override: ({ jsonSchema }) => {
    jsonSchema['x-known-values'] = jsonSchema.enum;
    delete jsonSchema.enum;
  },
});
const RELEASE_META = {
  description:
    '`uname -r`, or a package version of Debian, whose `uname -r` may hide the point release: `5.10.223-1`. It decides what the kernel does.',
  override: withExample('6.8.12'),
};
/** `uname -r`. */
export const KernelRelease = z.string().min(1).max(KERNEL_RELEASE_MAX).meta(RELEASE_META);
/** The same as a shell sends it: white space around it is none of it. */
export const KernelReleaseInput = z.string().trim().min(1).max(KERNEL_RELEASE_MAX).meta(RELEASE_META);
const probed = <Answer extends z.ZodType>(answer: Answer, description: string) =>
  z.record(z.string().min(1).max(KERNEL_PROBE_MAX), answer).meta({ description });
const Answer = z.union([z.boolean(), z.string().max(KERNEL_PROBE_MAX)]);
const PROBES = {
  symbols: probed(z.boolean(), 'Whether a symbol is in /proc/kallsyms.'),
  btf: probed(
    Answer,
    'Whether a member is in the BTF, or what it is: `dev_pagemap.ref` is `pointer` or `struct`.',
  ),
  sysfs: probed(Answer, 'Whether a path of sysfs is there, or what is read there.'),
};
export const KernelProbes = z.strictObject(PROBES).meta({
  id: 'KernelProbes',
  description: 'What was looked up on the host; names that tell nothing are kept, and GET …/kernel says so.',
});
const KernelProbesInput = z
  .strictObject({
    symbols: PROBES.symbols.exactOptional(),
    btf: PROBES.btf.exactOptional(),
    sysfs: PROBES.sysfs.exactOptional(),
  })
  .meta({ id: 'KernelProbesInput', description: 'Kinds that are absent were not looked up.' });
const TOLD_KERNEL = {
  kernel: KernelName.exactOptional(),
  kernel_release: KernelReleaseInput.exactOptional(),
  kernel_probes: KernelProbesInput.exactOptional(),
};
const Sysctl = z.strictObject({ memory_failure_early_kill: z.literal([0, 1]) });
const OnlinePolicy = z.enum(ONLINE_POLICIES).meta({ id: 'OnlinePolicy' });
/** 128 MiB below 64 GiB of RAM; above it up to 2 GiB (KM1). */
const MemoryBlockBytes = BytesInput.refine(
  (bytes) => bytes >= 2 ** 27 && bytes <= 2 ** 31 && Number.isInteger(Math.log2(bytes)),
  { error: 'expected a power of two from 128 MiB to 2 GiB' },
);
export const HostHealth = z.enum(HOST_HEALTH).meta({
  description:
    'Whether a task of its kernel has oopsed, or spins until SIGKILL. `ok` does not say that every task returns: what is kept from everybody until a reboot is in `stuck`, and what stays of a device in its `conditions`.',
});

const MemoryFailureCounters = z
  .strictObject({ total: Count, ignored: Count, failed: Count, delayed: Count, recovered: Count })
  .meta({ id: 'MemoryFailureCounters', description: 'What nodeN/memory_failure/* counts, by `nodeN`.' });
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
    kernel: HostKernel,
    kernel_release: KernelRelease.nullable(),
    kernel_probes: KernelProbes,
    sysctl: Sysctl,
    auto_online_blocks: OnlinePolicy.nullable().meta({
      description:
        'Null: neither told, nor known of the build of this kernel. What hangs on it is then `undetermined`; this field, or what is read at /sys/devices/system/memory/auto_online_blocks in `kernel_probes`, tells it.',
    }),
    memory_block_bytes: Bytes.meta({ description: 'memory_block_size_bytes() of the machine.' }),
    labels: Labels,
    counters: HostCounters,
    proposed: z
      .strictObject(PROPOSED)
      .meta({ id: 'HostProposed', description: 'Which proposed parameters of its kernel are on.' }),
    health: HostHealth,
    stuck: z.array(z.enum(NEVER_ENDING)).meta({
      description:
        'What of its kernel a dead task, or one that never returns, keeps from everybody until a reboot: who waits for a grace period of RCU or of `dax_srcu`, for `cdev_lock`, for the lock of memory hotplug, or for `s_umount` of a superblock that is never torn down, as sync(2) does, never returns. Of no removal: one that never returns has the state `stuck`, for whatever reason, and a process that does not is `blocked`.',
    }),
    underflow_warned: z.boolean().meta({
      description:
        'Whether the kernel has warned of a refcount_t below zero: it does so once until a reboot.',
    }),
    next_id: Count.meta({ description: 'The number the next readable id of this host gets.' }),
  })
  .meta({ id: 'Host', description: 'One machine.' }) satisfies z.ZodType<HostRecord>;

export const CreateHost = z
  .strictObject({
    name: Name,
    ...TOLD_KERNEL,
    sysctl: Sysctl.exactOptional(),
    auto_online_blocks: OnlinePolicy.exactOptional(),
    memory_block_bytes: MemoryBlockBytes.exactOptional(),
    labels: Labels.exactOptional(),
    proposed: Proposed.exactOptional(),
  })
  .refine(({ kernel, kernel_release }) => kernel !== undefined || kernel_release !== undefined, {
    error: 'expected a kernel, or a kernel_release',
    path: ['kernel'],
  })
  .meta({
    id: 'CreateHost',
    override: withExample({ name: 'node-new', kernel: EXAMPLE_KERNEL }),
  }) satisfies z.ZodType<BodyOf<'create_host'>>;

export const PatchHost = z
  .strictObject({
    kernel_release: KernelReleaseInput.nullable().exactOptional().meta({
      description: 'What it has run all along: what was told of it before was wrong, and no other boots.',
    }),
    kernel_probes: TOLD_KERNEL.kernel_probes,
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
  .strictObject(TOLD_KERNEL)
  .default({})
  .meta({ id: 'Reboot', override: withExample({ kernel: EXAMPLE_KERNEL }) });

/** A command without its type and without what the path already says. */
export type BodyOf<T extends Command['type'], InPath extends string = never> = Omit<
  Extract<Command, { type: T }>,
  'type' | InPath
>;
