import * as z from 'zod';
import type * as engine from '../../engine/questions/record.ts';
import { Advice, ImaginedState, Impact, NoRemoval, Residue } from './imagined.ts';
import { Outcome } from './outcome.ts';
import { BlastRadius, Verdict } from './removal.ts';
import { Id, Pid } from './scalar.ts';
import { toldOfHolders } from './told.ts';

const HolderEnd = z
  .strictObject({
    by: z.enum(['munmap', 'unpin', 'exit', 'SIGKILL']),
    result: Outcome.shape.result
      .nullable()
      .meta({ description: 'Null where it cannot be done, or nothing tells what it does.' }),
    kernel_oopses: Outcome.shape.kernel_oopses,
    detail: z.string(),
  })
  .meta({ id: 'HolderEnd', description: 'A way to end a holder now, and what the kernel does then.' });

/** Who holds a device, and what an unbind now would do to it. */
export const Holder = z
  .strictObject({
    kind: z.enum(['mount', 'file', 'process', 'mapping', 'pin', 'memory_block']),
    id: z.string(),
    pid: Pid.nullable(),
    consequence: z.enum(['blocks', 'forced', 'killed', 'survives']).nullable().meta({
      description:
        'Of an unbind now; of a device that is not bound, of the removal that there was. Null: nothing tells.',
    }),
    detail: z.string(),
    residue: z.boolean().meta({
      description: 'It reaches the device now although that is not bound, or was bound again since.',
    }),
    exposure: Id.nullable().meta({ description: 'The exposure that it has open.' }),
    ends: z.array(HolderEnd).meta({ description: 'Of residue: how it can be ended now.' }),
  })
  .meta({ id: 'Holder' }) satisfies z.ZodType<engine.Holder>;

/** Beside a page of holders. */
export const surveyed = {
  ...toldOfHolders,
  trigger: z.literal('unbind').meta({
    description:
      'Of the removal that the rest is of. Where `refused` says that one has begun, state and verdict are of that one, whatever its trigger.',
  }),
  state: ImaginedState.nullable().meta({
    description:
      'Of an unbind now, as the verdict; of the removal that has begun, as it stands, where `refused` says so.',
  }),
  verdict: Verdict.nullable(),
  impact: Impact.nullable(),
  refused: NoRemoval.nullable(),
  residue: Residue,
  blast_radius: BlastRadius,
  advice: z.array(Advice),
};
