import * as z from 'zod';
import type * as engine from '../../engine/model/removal.ts';
import { STEP_NAMES } from '../../engine/model/vocabulary.ts';
import { PagesWaitedFor, RemovalPages } from './removal.ts';
import { Count, Pid } from './scalar.ts';

const StepName = z.enum(STEP_NAMES);

/** How far a removal is, as its events tell it. */
export const RemovalProgress = z
  .strictObject({
    step: StepName.exactOptional().meta({
      description: 'The step that is done, or that it rests at; absent where none is left.',
    }),
    position: Count.meta({
      description: 'The place of `step` among its steps, from 1; as `steps` where none is left.',
    }),
    steps: Count.meta({ description: 'How many steps it has: 0 of one that was left nothing to do.' }),
    steps_done: Count.meta({ description: 'How many of them are done, by which a bar is drawn.' }),
    step_names: z
      .array(StepName)
      .exactOptional()
      .meta({ description: 'All of them, in order: in `removal_started`.' }),
    pages: RemovalPages,
    present: z.strictObject({ pte: Count, pmd: Count, pud: Count }).exactOptional().meta({
      description:
        'Entries in mappings of the device, by size: as it begins to wait, and where a step has changed something.',
    }),
    waiting_on: z
      .strictObject({
        count: Count.meta({ description: 'How many pins.' }),
        pids: z.array(Pid).meta({ description: 'Whose they are, each once: the first 100.' }),
      })
      .exactOptional()
      .meta({
        description:
          'The pins that it waits for: in `removal_waiting`. None of a removal behind another one, and in the last of those that count down: the last pin has gone, and it goes on.',
      }),
    pages_waited_for: PagesWaitedFor.exactOptional().meta({
      description: 'As in its report: once it has waited for a pin.',
    }),
  })
  .meta({
    id: 'RemovalProgress',
    description:
      'How far a removal is, in each event of it but `removal_undetermined` and `removal_retried`. Absent where it was at its end at once, by steps of which not all are known on its kernel, and in events that are older than this.',
  }) satisfies z.ZodType<engine.RemovalProgress>;
