import * as z from 'zod';
import type * as engine from '../../engine/holder.ts';
import { BlastRadius } from './removal.ts';
import { Pid } from './scalar.ts';

/** Who holds a device, and what an unbind now would do to it. */
export const Holder = z
  .strictObject({
    kind: z.enum(['mount', 'file', 'process', 'mapping', 'pin', 'memory_block']),
    id: z.string(),
    pid: Pid.nullable(),
    consequence: z.enum(['blocks', 'forced', 'killed', 'survives']),
    detail: z.string(),
  })
  .meta({ id: 'Holder' }) satisfies z.ZodType<engine.Holder>;

/** Beside a page of holders. */
export const surveyed = { blast_radius: BlastRadius };
