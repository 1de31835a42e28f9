import * as z from 'zod';
import type { Command } from '../../engine/command.ts';
import type { HostRecord } from '../../engine/host.ts';
import { HOST_HEALTH, KERNEL_NAMES } from '../../engine/vocabulary.ts';
import { Count, identity, Labels, Name } from './scalar.ts';

export const KernelName = z
  .enum(KERNEL_NAMES)
  .meta({ id: 'KernelName', description: 'A kernel profile; GET /v1/kernels shows each as data.' });
const Sysctl = z.strictObject({ memory_failure_early_kill: z.literal([0, 1]) });
const OnlinePolicy = z.enum(['offline', 'online', 'online_kernel', 'online_movable']);
export const HostHealth = z.enum(HOST_HEALTH);

export const Host = z
  .strictObject({
    ...identity,
    name: z.string(),
    kernel: KernelName,
    sysctl: Sysctl,
    auto_online_blocks: OnlinePolicy,
    labels: Labels,
    counters: z.strictObject({ HardwareCorrupted_kB: Count }),
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
    labels: Labels.exactOptional(),
  })
  .meta({ id: 'CreateHost' }) satisfies z.ZodType<BodyOf<'create_host'>>;

export const PatchHost = z
  .strictObject({
    sysctl: Sysctl.exactOptional(),
    auto_online_blocks: OnlinePolicy.exactOptional(),
    labels: Labels.exactOptional(),
  })
  .meta({ id: 'PatchHost' }) satisfies z.ZodType<BodyOf<'patch_host'>>;

/** The body may be absent: the same kernel boots again. */
export const Reboot = z
  .strictObject({ kernel: KernelName.exactOptional() })
  .default({})
  .meta({ id: 'Reboot' });

/** A command without its type and without what the path already says. */
export type BodyOf<T extends Command['type'], InPath extends string = never> = Omit<
  Extract<Command, { type: T }>,
  'type' | InPath
>;
