import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { definedOnly } from '../../engine/model/defined_only.ts';
import { eventText } from '../../app/cloud_event.ts';
import type { Backend, EventPage, Seen } from '../backend.ts';
import { listSchema, textOf } from '../list.ts';
import { JSON_TYPE } from '../operation.ts';
import { eventFilters, filterOf, StoredEvent } from '../schemas/event.ts';
import { HttpProblem } from '../problem.ts';
import { LIMIT_DEFAULT, pageQuery } from '../schemas/page.ts';
import { queryInteger } from '../schemas/scalar.ts';

const querystring = z.strictObject({
  after: queryInteger(0, Number.MAX_SAFE_INTEGER).exactOptional().meta({
    description:
      'Events that follow this seq in the order asked for: higher ones, with `order=desc` lower ones; next_page of an earlier answer.',
  }),
  order: z
    .enum(['asc', 'desc'])
    .exactOptional()
    .meta({ description: 'By seq: `asc`, the oldest first, by default; `desc`, the newest first.' }),
  limit: pageQuery.limit,
  ...eventFilters,
});

/** /v1/events: the journal, paged after a seq. */
export function eventRoutes(app: FastifyInstance, backend: Backend): void {
  const operation = {
    id: 'listEvents',
    tag: 'events',
    summary: 'List events',
    item: StoredEvent,
    refuses: [410],
  } as const;
  const description =
    'Oldest first, or newest. `next_page` is the `after` of the next page, in the same order. A page ends with `limit`, or earlier, before its `data` is more than 256 KiB: one event may name all that a host has, and a larger one is a page by itself. The journal is kept for a time and to a size: `oldest_seq` is the first of it, with which `order=desc` ends; who reads on, oldest first, from where it does not go back to any more is told so: 410. A page by one filter or by none costs what it shows.';
  app.get(
    '/v1/events',
    { schema: listSchema({ ...operation, description }, querystring) },
    async (request, reply) => {
      const { after, order, limit, ...asked } = request.query as z.output<typeof querystring>;
      const newest_first = order === 'desc';
      const filter = filterOf(asked);
      const page = await backend.events({
        ...filter,
        ...definedOnly({ after }),
        newest_first,
        limit: limit ?? LIMIT_DEFAULT,
      });
      if (!newest_first) refuseGone(after, page, '/after');
      const next_page = nextOf(page, newest_first);
      reply.type(JSON_TYPE);
      const { as_of, oldest_seq } = page;
      return textOf({ items: page.items.map(eventText), next_page, as_of, oldest_seq });
    },
  );
}

/** Where a full page does not end with the journal, others may follow. */
function nextOf({ items, is_full, as_of, oldest_seq }: EventPage, newest_first: boolean): string | null {
  const last = items.at(-1);
  if (last === undefined || !is_full) return null;
  return last.seq === (newest_first ? oldest_seq : as_of) ? null : String(last.seq);
}

/**
 * Throws `events_gone` for a reader that would miss what came between without knowing; 0 is from the beginning, wherever
 * that is. `pointer`: where it has said from where on it reads.
 */
export function refuseGone(after: number | undefined, { oldest_seq }: Seen, pointer: string): void {
  if (after === undefined || after === 0 || after + 1 >= oldest_seq) return;
  const detail = `the journal keeps events from ${String(oldest_seq)} on: list anew, then read on from as_of`;
  throw new HttpProblem('events_gone', detail, { errors: [{ pointer, detail }], oldest_seq });
}
