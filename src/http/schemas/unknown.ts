import * as z from 'zod';
import type * as engine from '../../engine/model/untold.ts';

const Untold = z
  .strictObject({
    what: z.string().meta({ description: 'What no listing has told.' }),
    run: z.string().meta({ description: 'The listings that tell it: import them.' }),
  })
  .meta({ id: 'Untold', description: 'Something that no listing has told, and what does.' });

/** Beside an answer about what goes with something; absent where all of that is told. */
export const withUnknown = {
  unknown: z.array(Untold).exactOptional().meta({
    description:
      'What nobody has told of all that goes with the CXL card or region beneath: it may be more than is answered. To act is refused for it, with `outcome_unknown`, but where nothing at all is told to stand on a card (CX25). Absent where all is told.',
  }),
} satisfies Record<keyof engine.WithUnknown, z.ZodType>;
