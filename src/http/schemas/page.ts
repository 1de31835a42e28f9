import * as z from 'zod';
import { Count, queryInteger } from './scalar.ts';

export const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 500;

/** Query of every list. */
export const pageQuery = {
  limit: queryInteger(1, LIMIT_MAX)
    .exactOptional()
    .meta({ description: `Items per page, ${String(LIMIT_DEFAULT)} by default.` }),
  page_token: z
    .string()
    .min(1)
    .max(1024)
    .exactOptional()
    .meta({ description: 'next_page of an earlier answer.' }),
};

/** Answer of every list; `more` stands beside the items, of all pages. */
export function pageOf(item: z.ZodType, more: z.core.$ZodLooseShape = {}) {
  return z.strictObject({
    items: z.array(item),
    next_page: z
      .string()
      .nullable()
      .meta({ description: 'What asks for the next page (page_token; of events after), null at the end.' }),
    as_of: Count.meta({ description: 'Seq of the last event this page has seen.' }),
    oldest_seq: Count.meta({
      description: 'Seq of the oldest event that the journal keeps: /v1/events begins with it.',
    }),
    ...more,
  });
}
