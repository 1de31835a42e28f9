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
    .meta({ description: 'The next_page of an earlier answer.' }),
};

/** One schema a kind of page: the document has each once, by its name. */
const pages = new WeakMap<z.ZodType, WeakMap<object, ReturnType<typeof makePage>>>();
const NOTHING_MORE = {};

/**
 * Answer of every list, named for its items: HostPage; `more` stands beside them, of all pages. Throws where the schema
 * of the items has no name.
 */
export function pageOf(item: z.ZodType, more: z.core.$ZodLooseShape = NOTHING_MORE) {
  const made = pages.get(item) ?? new WeakMap<object, ReturnType<typeof makePage>>();
  pages.set(item, made);
  const page = made.get(more) ?? makePage(item, more);
  made.set(more, page);
  return page;
}

function makePage(item: z.ZodType, more: z.core.$ZodLooseShape) {
  const id = `${nameOf(item)}Page`;
  const page = z.strictObject({
    items: z.array(item).max(LIMIT_MAX).meta({ description: 'In the order that was asked for.' }),
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
  return page.meta({ id, description: 'A page of a list, and what asks for the next one.' });
}

/** The name of a schema in the document; throws where it has none. */
export function nameOf(schema: z.ZodType): string {
  const { id } = schema.meta() ?? {};
  if (id === undefined) throw new Error("what is listed has no name: give its schema .meta({ id: '…' })");
  return id;
}
