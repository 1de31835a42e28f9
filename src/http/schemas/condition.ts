import * as z from 'zod';

/** What of a device is worth knowing beside its state, by kind, and what helps. */
export const Condition = z.strictObject({ type: z.string(), detail: z.string() });
