import * as z from 'zod';
import { withExample } from './scalar.ts';

/** The body of a verb that needs nothing said: absent, or `{}`. */
export const Empty = z
  .strictObject({})
  .default({})
  .meta({ id: 'Empty', override: withExample({}) });
