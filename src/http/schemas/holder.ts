import * as z from 'zod';
import { withUnknown } from './unknown.ts';
import type * as engine from '../../engine/questions/record.ts';
import { dependent } from './depends_on.ts';
import { Advice, ImaginedState, Impact, NoRemoval, Residue } from './imagined.ts';
import { Outcome } from './outcome.ts';
import { BlastRadius } from './removal.ts';
import { Id, Pid } from './scalar.ts';
import { toldOfHolders } from './told.ts';
import { Verdict } from './word.ts';

const HolderEnd = z
  .strictObject({
    by: z.enum(['munmap', 'unpin', 'exit', 'SIGKILL']),
    result: Outcome.shape.result
      .nullable()
      .meta({ description: 'Null where it cannot be done, or no source tells what it does.' }),
    kernel_oopses: Outcome.shape.kernel_oopses,
    detail: z.string(),
    ...dependent,
  })
  .meta({ id: 'HolderEnd', description: 'A way to end a holder now, and what the kernel does then.' });

/** Who holds a device, and what an unbind now would do to it. */
export const Holder = z
  .strictObject({
    kind: z.enum(['mount', 'file', 'process', 'mapping', 'pin', 'open_file', 'memory_block']),
    id: z.string(),
    pid: Pid.nullable(),
    consequence: z.enum(['blocks', 'forced', 'killed', 'survives']).nullable().meta({
      description:
        'What an unbind now does to it; for a device that is not bound, what its removal did. Null: no source tells.',
    }),
    detail: z.string(),
    residue: z.boolean().meta({
      description: 'It reaches the device now although that is not bound, or was bound again since.',
    }),
    ...dependent,
    exposure: Id.nullable().meta({ description: 'The exposure that it has open.' }),
    ends: z.array(HolderEnd).meta({ description: 'For residue: how it can be ended now.' }),
  })
  .meta({ id: 'Holder' }) satisfies z.ZodType<engine.Holder>;

/** Beside a page of holders. */
export const surveyed = {
  ...toldOfHolders,
  trigger: z.literal('unbind').meta({
    description:
      'Trigger of the removal that the rest describes. Where `refused` says that a removal has begun, state and verdict are of that one, whatever its trigger.',
  }),
  state: ImaginedState.nullable().meta({
    description:
      'Of an unbind now, as the verdict is; where `refused` says that a removal has begun, of that one, as it stands.',
  }),
  verdict: Verdict.nullable(),
  impact: Impact.nullable(),
  refused: NoRemoval.nullable(),
  ...dependent,
  ...withUnknown,
  residue: Residue,
  blast_radius: BlastRadius,
  advice: z.array(Advice),
};
