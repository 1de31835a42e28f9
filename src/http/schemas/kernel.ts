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
        steps: KernelSteps.partial().meta({ description: 'The lists that it puts in the place of others.' }),
      }),
    ),
    steps: KernelSteps,
    facts: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Kernel', description: 'A kernel profile as data.' });
