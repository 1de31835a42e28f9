import * as z from 'zod';
import type { CompareRemovals } from '../../engine/model/question.ts';
import { DEVICE_MODES } from '../../engine/model/vocabulary.ts';
import type * as engine from '../../engine/questions/record.ts';
import type { Shown } from '../call.ts';
import { dependent } from './depends_on.ts';
import { EXAMPLE_KERNEL, NEWER_KERNEL } from './example_kernels.ts';
import { HostKernel, KernelName, KernelRelease, KernelReleaseInput } from './host.ts';
import { Advice, ImaginedState, Impact, NoRemoval, Residue } from './imagined.ts';
import { BlastRadius, Cut, Hazard, SimulatedKernelCost, told, Waits } from './removal.ts';
import { Count, Name, Text, withExample } from './scalar.ts';
import { label } from './selection.ts';
import { HoldersTold, toldOfHolders } from './told.ts';
import { withUnknown } from './unknown.ts';
import { HazardKind, RemoveTrigger, RemoveTriggerInput, RemoveVia, Verdict } from './word.ts';

const ComparedSignals = z.strictObject({
  signal: z.literal('SIGBUS'),
  si_code: z.enum(['BUS_MCEERR_AO', 'BUS_MCEERR_AR', 'BUS_ADRERR', 'SI_KERNEL']),
  si_addr_lsb: z.int().nullable(),
  delivery: z.enum(['asynchronous', 'on-access']),
  count: Count,
  processes: Count,
  killed: Count,
});

const onKernel = {
  kernel: HostKernel,
  kernel_release: KernelRelease.nullable().meta({
    description: 'As it was asked for; null of a profile that was asked for.',
  }),
};

const ComparedRemoval = z.union([
  z.strictObject({ ...onKernel, refused: NoRemoval, ...dependent }).meta({ id: 'RefusedRemoval' }),
  z
    .strictObject({
      ...onKernel,
      refused: z.null(),
      state: ImaginedState,
      verdict: Verdict.nullable(),
      waiting_on: Waits,
      cut: Cut.exactOptional(),
      hazards: z.array(Hazard),
      report: z
        .strictObject({ ...told, signals: z.array(ComparedSignals) })
        .nullable()
        .meta({ description: 'Null where it depends on facts that are not known of the kernel.' }),
      advice: z.array(Advice),
      simulated_kernel_cost: SimulatedKernelCost.nullable(),
      ...dependent,
    })
    .meta({ id: 'ComparedRemoval' }),
]);

/** The same removal on several kernels, side by side. */
export const Comparison = z
  .strictObject({
    host: z.string(),
    dax_device: z.string(),
    ...toldOfHolders,
    trigger: RemoveTrigger,
    blast_radius: BlastRadius,
    items: z.array(ComparedRemoval),
    differences: z
      .array(
        z.strictObject({
          field: z.string(),
          values: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).meta({
            description: 'By the kernel, or the release, that was asked for; null where it is not known.',
          }),
        }),
      )
      .meta({
        description:
          'Only what differs between kernels, compared over whole lists. Of a list with more than 100 entries the first 100 are shown, those that not all kernels have first, and how many more there are.',
      }),
  })
  .meta({ id: 'Comparison' }) satisfies z.ZodType<
  Omit<engine.Comparison, 'items'> & {
    readonly items: readonly (engine.RefusedRemoval | Shown<engine.AnsweredRemoval>)[];
  }
>;

export const CompareRemovalsBody = z
  .strictObject({
    host: Name,
    dax_device: Name,
    trigger: RemoveTriggerInput,
    via: RemoveVia.exactOptional(),
    kernels: z
      .array(KernelName)
      .min(1)
      .max(64)
      .exactOptional()
      .meta({ description: 'Default: all of them, where no release is named.' }),
    kernel_releases: z.array(KernelReleaseInput).min(1).max(16).exactOptional().meta({
      description:
        'Any `uname -r`, or package version of Debian. What depends on facts that are not known of one is `undetermined`, and `depends_on` of its item says on which. Of one that is older than 5.10 or newer than 7.3 nothing is known: its item is `refused`.',
    }),
  })
  .meta({
    id: 'CompareRemovals',
    override: withExample({
      host: 'node-v6.12',
      dax_device: 'pmem0',
      trigger: 'unbind',
      kernels: [EXAMPLE_KERNEL, NEWER_KERNEL],
    }),
  }) satisfies z.ZodType<Partial<Omit<CompareRemovals, 'type'>>>;

/** What a surprise removal of one device now would leave. */
export const Assessment = z
  .strictObject({
    host: z.string(),
    dax_device: z.string(),
    uid: z.uuid(),
    mode: z.enum(DEVICE_MODES),
    kernel: HostKernel,
    tenant: z.string().nullable(),
    ...toldOfHolders,
    trigger: z.literal('surprise_removal').meta({
      description:
        'Of the removal that was simulated. Where `refused` says that one has begun, state and verdict are of that one, whatever its trigger.',
    }),
    verdict: Verdict.nullable().meta({
      description: 'Null where it would wait, or is refused and no earlier removal has left anything.',
    }),
    state: ImaginedState.nullable().meta({
      description:
        'Where `refused` says that one has begun: its own state, as its verdict, waits and hazards.',
    }),
    waiting_on: Waits,
    cut: Cut.exactOptional(),
    hazards: z.array(z.strictObject({ kind: HazardKind, count: Count })),
    impact: Impact.nullable().meta({ description: 'Null where there is no removal.' }),
    residue: Residue,
    blast_radius: BlastRadius,
    simulated_kernel_cost: SimulatedKernelCost.nullable(),
    advice: z.array(Advice),
    refused: NoRemoval.nullable(),
    ...dependent,
    ...withUnknown,
  })
  .meta({
    id: 'Assessment',
    description: 'What a surprise removal of the device now would leave.',
  }) satisfies z.ZodType<Shown<engine.Assessment>>;

/** Beside a page of assessments. */
export const assessed = {
  summary: z
    .strictObject({
      devices: Count,
      not_assessed: Count.meta({
        description:
          'Not of these, whatever is filtered: devices of hosts that could not be assessed, a fault of this service that its log tells.',
      }),
      pending: Count.meta({
        description:
          'Not of these, whatever is filtered but the host: devices that are not assessed yet. Between requests they are, so that it comes to 0.',
      }),
      contained: Count,
      leaked: Count,
      unsafe: Count,
      exposed: Count,
      undetermined: Count.meta({
        description: 'Their verdict depends on facts that are not known of the kernel of their host.',
      }),
      waiting: Count,
      refused: Count.meta({ description: 'No removal can begin now, and none has left anything.' }),
      stuck: Count.meta({
        description:
          'Of these, devices whose assessment has the state `stuck`: their removal never returns, or never would. Each counts under its verdict, too.',
      }),
      with_impact: Count.meta({ description: 'Of these, devices whose removal would harm somebody.' }),
      with_residue: Count.meta({
        description: 'Of these, devices that somebody still reaches after an earlier removal.',
      }),
      not_told: Count.meta({
        description:
          'Of these, devices about whose users nobody has said anything: their verdict knows of none.',
      }),
      unknown: Count.meta({
        description: 'Of these, devices of which nobody has told all that goes with their CXL card.',
      }),
    })
    .meta({ description: 'Devices by verdict, over all pages, as far as they are assessed.' }),
};

export const assessmentFilters = {
  label,
  host: Name.exactOptional(),
  dax_device: Name.exactOptional(),
  mode: z.enum(DEVICE_MODES).exactOptional(),
  kernel: HostKernel.exactOptional(),
  tenant: Text.exactOptional(),
  verdict: Verdict.exactOptional(),
  state: ImaginedState.exactOptional(),
  holders: HoldersTold.exactOptional(),
  hazard: HazardKind.exactOptional().meta({
    description: 'Devices whose removal has a hazard of that kind.',
  }),
};
