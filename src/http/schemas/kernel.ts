import * as z from 'zod';
import { STEP_NAMES } from '../../engine/model/vocabulary.ts';
import type { KernelFound } from '../../engine/kernels/shown.ts';
import { HostKernel, KernelName, KernelProbes, KernelRelease } from './host.ts';

const KernelStep = z
  .strictObject({
    name: z.enum(STEP_NAMES),
    kernel_function: z.string(),
    source: z.string(),
    parameters: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'KernelStep' });

const KernelSteps = z.strictObject({
  fsdax: z.array(KernelStep),
  devdax: z.array(KernelStep),
  devdax_parent: z.array(KernelStep),
  raw: z.array(KernelStep),
  system_ram: z.array(KernelStep),
  system_ram_parent: z.array(KernelStep),
  cxl_region: z.array(KernelStep),
  cxl_memdev: z.array(KernelStep),
});

const KernelChange = z
  .strictObject({
    release: z.string().nullable().meta({ description: 'The first release of mainline; null: not known.' }),
    within: z
      .strictObject({ first: z.string(), last: z.string() })
      .nullable()
      .meta({ description: 'The first release that may have it, and the first that certainly has it.' }),
    id: z.string().meta({ description: 'Its commit where that was found, else a word for it.' }),
    title: z.string(),
    certainty: z.enum(['A', 'B', 'C', 'none']).meta({
      description: 'That it came with this release: A both sides were read, B one was, C inferred.',
    }),
    seen_without: z.array(z.string()).meta({
      description: 'The last release of a branch that is known not to have it: a later one may.',
    }),
    backports: z.array(z.string()).meta({ description: 'Stable releases of older branches that have it.' }),
    note: z.string().nullable(),
  })
  .meta({ id: 'KernelChange', description: 'A release with which a fact took another value.' });

const KernelFact = z
  .strictObject({
    fact: z.string(),
    value: z.unknown(),
    source: z.string().meta({
      description: 'The kernel functions that decide, as far as this kernel has them, and the rules.',
    }),
    changed_in: z.array(KernelChange),
  })
  .meta({ id: 'KernelFact', description: 'A fact of a kernel by its path, with its source.' });

const ProposedParameter = z
  .strictObject({
    parameter: z.string(),
    default: z.boolean(),
    about: z.string(),
    steps: KernelSteps.partial().meta({
      description: 'The step lists that replace the ordinary ones while it is on.',
    }),
  })
  .meta({
    id: 'ProposedParameter',
    description: 'A parameter that is proposed, and the steps that it changes.',
  });

/** A kernel profile as data: ordered steps by kind of device, and named facts. */
export const Kernel = z
  .strictObject({
    name: KernelName,
    about: z.string(),
    baseline: z.string(),
    recorded: z.boolean().meta({
      description: 'Whether one was observed while devices were taken away: else all of it is read.',
    }),
    released: z.boolean().meta({ description: 'False: never merged, so that advice does not propose it.' }),
    proposed: z.array(ProposedParameter),
    steps: KernelSteps,
    facts: z.record(z.string(), z.unknown()),
    rows: z.array(KernelFact).meta({
      description: 'The facts, and the parameters of the steps, with the source of each.',
    }),
  })
  .meta({ id: 'Kernel', description: 'A kernel profile as data.' });

const Path = z.string();
const Chosen = z
  .strictObject({
    id: z.string().meta({ description: 'The change: its commit where that was found.' }),
    facts: z.array(Path).meta({ description: 'Every fact that changes with it.' }),
    values: z
      .array(z.strictObject({ label: z.string() }))
      .meta({ description: 'What the first of them is without the change, and with it.' }),
    probes: z.array(z.string()).meta({
      description: 'What would settle it, and was not told yet; none where no probe that is known does.',
    }),
  })
  .meta({ id: 'KernelChoice', description: 'A change of which nobody can say whether the kernel has it.' });

const FactFound = z
  .strictObject({
    fact: Path,
    status: z.enum(['recorded', 'read', 'unknown']).meta({
      description:
        'Of a kernel that was observed; told by its release or by a probe; or what nobody can say.',
    }),
    value: z.unknown(),
    values: z.array(z.unknown()).meta({
      description: 'What it can be: one where that is known, none where only a recording could tell.',
    }),
    decided_by: z.string().nullable().meta({ description: 'The change between them, in `unknown`.' }),
    source: z.string(),
    changes: z.array(
      z.strictObject({
        id: z.string(),
        title: z.string(),
        certainty: KernelChange.shape.certainty,
        has: z.boolean().nullable(),
        by: z.enum(['version', 'probe']).nullable(),
        why: z.string(),
      }),
    ),
  })
  .meta({ id: 'KernelFactFound', description: 'What is known of one fact, and by which changes.' });

/** What is known of the kernel of one host. */
export const ResolvedKernel = z
  .strictObject({
    host: z.string(),
    kernel: HostKernel,
    kernel_release: KernelRelease.nullable(),
    kernel_probes: KernelProbes,
    read_as: z.string().meta({ description: 'How its release was read.' }),
    facts: z.array(FactFound),
    unknown: z.array(Chosen),
    probes: z
      .array(
        z.strictObject({
          name: z.string(),
          settles: z.array(z.string()),
          tells_nothing: z.string().nullable().meta({
            description:
              'Why its answer proves nothing: no such name is known, another answer would, or none does. Null where it does.',
          }),
        }),
      )
      .meta({ description: 'What each probe that the host was told settles.' }),
  })
  .meta({
    id: 'ResolvedKernel',
    description: 'What is known of the kernel of one host, fact by fact, and why.',
  }) satisfies z.ZodType<KernelFound>;
