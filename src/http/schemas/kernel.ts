import * as z from 'zod';
import { STEP_NAMES } from '../../engine/model/vocabulary.ts';
import { KernelName } from './host.ts';

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

/** A kernel profile as data: ordered steps by kind of device, and named facts. */
export const Kernel = z
  .strictObject({
    name: KernelName,
    about: z.string(),
    baseline: z.string(),
    released: z.boolean().meta({ description: 'False: never merged, so that advice does not propose it.' }),
    proposed: z.array(
      z.strictObject({
        parameter: z.string(),
        default: z.boolean(),
        about: z.string(),
        steps: KernelSteps.partial().meta({
          description: 'The step lists that replace the ordinary ones while it is on.',
        }),
      }),
    ),
    steps: KernelSteps,
    facts: z.record(z.string(), z.unknown()),
    rows: z.array(KernelFact).meta({
      description: 'The facts, and the parameters of the steps, with the source of each.',
    }),
  })
  .meta({ id: 'Kernel', description: 'A kernel profile as data.' });
