import * as z from 'zod';
import type * as engine from '../../engine/holder.ts';
import { HOLDERS_TOLD } from '../../engine/vocabulary.ts';
import { BlastRadius } from './removal.ts';
import { Pid, Timestamp } from './scalar.ts';

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

export const HoldersTold = z.enum(HOLDERS_TOLD).meta({
  id: 'HoldersTold',
  description:
    '`told`: a mount, file, mapping or pin was made on the device, or the operator said that its users are as recorded.',
});

/** What the answers that speak of a device's users say of their completeness. */
export const toldOfHolders = {
  holders: HoldersTold,
  told_at: Timestamp.nullable().meta({ description: 'When it was told first, or confirmed last.' }),
};

/** Beside a page of holders. */
export const surveyed = { ...toldOfHolders, blast_radius: BlastRadius };
