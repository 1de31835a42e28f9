import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Backend, EventPage } from '../backend.ts';
import { listSchema, textOf } from '../list.ts';
import { JSON_TYPE } from '../operation.ts';
import { StoredEvent } from '../schemas/event.ts';
import { HttpProblem } from '../problem.ts';
import { LIMIT_DEFAULT, pageQuery } from '../schemas/page.ts';
import { Name, queryInteger } from '../schemas/scalar.ts';

const querystring = z.strictObject({
  after: queryInteger(0, Number.MAX_SAFE_INTEGER)
    .exactOptional()
    .meta({ description: 'Events after this seq; next_page of an earlier answer.' }),
  limit: pageQuery.limit,
  host: Name.exactOptional(),
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
    'Oldest first. `next_page` is the `after` of the next page. The journal is kept for a time and to a size: `oldest_seq` is the first of it.';
  app.get(
    '/v1/events',
    { schema: listSchema({ ...operation, description }, querystring) },
    async (request, reply) => {
      const { after, limit, host } = request.query as z.output<typeof querystring>;
      const rows = limit ?? LIMIT_DEFAULT;
      const page = await backend.events({
        after: after ?? 0,
        limit: rows,
        ...(host === undefined ? {} : { host }),
      });
      refuseGone(after, page);
      const last = page.items.at(-1);
      const next_page =
        last !== undefined && page.items.length === rows && last.seq < page.as_of ? String(last.seq) : null;
      reply.type(JSON_TYPE);
      const { as_of, oldest_seq } = page;
      return textOf({ items: page.items.map(eventText), next_page, as_of, oldest_seq });
    },
  );
}

/** A reader that went on would miss what came between without knowing; 0 is from the beginning, wherever that is. */
function refuseGone(after: number | undefined, { oldest_seq }: EventPage): void {
  if (after === undefined || after === 0 || after + 1 >= oldest_seq) return;
  const detail = `the journal keeps events from ${String(oldest_seq)} on: list anew, then read on from as_of`;
  throw new HttpProblem('events_gone', detail, { errors: [{ pointer: '/after', detail }] });
}

/** The data of an event is sent as stored, unread. */
function eventText({ data, ...event }: EventPage['items'][number]): string {
  return `${JSON.stringify(event).slice(0, -1)},"data":${data}}`;
}
