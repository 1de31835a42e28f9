import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import type { Backend, Seen } from '../backend.ts';
import { countedAs } from '../edge/counted_as.ts';
import { delayAnswer } from '../fault_hook.ts';
import { describe } from '../operation.ts';
import { headerProblem } from '../problem.ts';
import { CloudEvent } from '../schemas/cloud_event.ts';
import { eventFilters, filterOf } from '../schemas/event.ts';
import { queryInteger } from '../schemas/scalar.ts';
import type { StreamLimits } from '../stream/limits.ts';
import { createOpenStreams } from '../stream/open_streams.ts';
import { rest } from '../edge/work.ts';
import { refuseGone } from './event.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether its answer ends only with its client, or the service. */
    readonly isStream?: boolean;
  }
}

const LAST_EVENT_ID = 'Last-Event-ID';
const querystring = z.strictObject({
  after: queryInteger(0, Number.MAX_SAFE_INTEGER).exactOptional().meta({
    description:
      'The `as_of` of a list, or the seq of the last event that was read: the stream begins behind it. 0 is from the oldest that is kept; where absent, from now on.',
  }),
  ...eventFilters,
});
const headers = z.looseObject({
  [LAST_EVENT_ID]: z.string().exactOptional().meta({
    description:
      'The same, sent by a browser that connects again; it goes before `after`, which stands in the URL still.',
  }),
});

/** No proxy may hold the stream back, keep it, or change it. */
const FIELDS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

const DESCRIPTION = `Events as they are committed, as server-sent events. List, then stream behind the list's \`as_of\`, of several pages that of the first: nothing is missing.

- The first frame is \`retry\` and \`id\`, the place where it begins. Each event is a frame of \`id\` (its seq) and \`data\` (a CloudEvent), without a name: \`onmessage\` gets it. They come in the order of their seq.
- Every 15 s a frame of \`id\` alone says how far the stream has come: who connects again with it, as browsers do by \`Last-Event-ID\`, is not sent anew what its filter has left out.
- \`event: resync\` is the last frame of a stream that cannot go on; \`data\` is \`{reason, after, as_of, oldest_seq}\`, \`after\` up to where everything was sent. \`too_slow\`: more than 1 MiB waits to be read, besides what was sent last; connect again, nothing is missing. \`events_gone\`: the journal no longer has what follows; list anew. \`after_end\`: there is no such event yet, as where a backup was put back; list anew. Its \`id\` is where a client that connects again goes on.
- A place that is gone already as the stream begins is a 410, at which an EventSource stops for good: in its \`onerror\`, \`readyState === EventSource.CLOSED\` means to list anew and make another one. As the service stops, streams end: connect again.
- One client, whoever \`RateLimit\` counts as one, has 100 open at most (\`DAXPLANE_STREAMS_PER_CLIENT\`): one more is a 429. All together have 1 000: one more is a 503.`;

/** GET /v1/events/stream: the journal as it grows. */
export function eventStreamRoute(app: FastifyInstance, backend: Backend, limits: StreamLimits): void {
  const streams = createOpenStreams(app, backend, limits);
  const operation = {
    id: 'streamEvents',
    tag: 'events',
    summary: 'Follow events',
    description: DESCRIPTION,
    refuses: [410, 503],
  } as const;
  const schema = describe(operation, {
    querystring,
    headers,
    response: {
      200: {
        description: 'A stream that does not end by itself. The schema is that of the `data` of its frames.',
        content: { 'text/event-stream': { schema: CloudEvent } },
      },
    },
  });
  app.get('/v1/events/stream', { schema, config: { isStream: true } }, async (request, reply) => {
    const { after: inQuery, ...asked } = request.query as z.output<typeof querystring>;
    const named = lastEventId(request);
    const after = named ?? inQuery;
    const client = countedAs(request);
    streams.requireRoom(client);
    const page = await backend.events({ after: Number.MAX_SAFE_INTEGER, limit: 1 });
    refuseGone(after, page, named === undefined ? '/after' : `/${LAST_EVENT_ID}`);
    await delayAnswer(backend.faults, request);
    streams.requireRoom(client);
    const response = answerItself(request, reply);
    if (request.method === 'HEAD') {
      response.end();
      return reply;
    }
    // Of a client that has left already nobody would hear that it has.
    if (response.destroyed) return reply;
    const start = { at: beginOf(after, page), filter: filterOf(asked) };
    const stream = streams.open(client, response, start);
    const { as_of } = page;
    if (after !== undefined && after > as_of) {
      stream.resync('after_end', as_of, page);
      return reply;
    }
    await stream.run();
    return reply;
  });
}

/** 0 is from the beginning, wherever that is. */
function beginOf(after: number | undefined, { as_of, oldest_seq }: Seen): number {
  return after === 0 ? oldest_seq - 1 : (after ?? as_of);
}

/** The place in the header; throws where that is none. */
function lastEventId({ headers }: FastifyRequest): number | undefined {
  const id = headers['last-event-id'];
  // A browser that has been sent none says so by an empty one.
  if (id === undefined || id === '') return undefined;
  const seq = typeof id === 'string' && /^[0-9]{1,16}$/.test(id) ? Number(id) : NaN;
  if (!Number.isSafeInteger(seq))
    throw headerProblem('invalid_request', LAST_EVENT_ID, 'expected the id of an event of this stream');
  return seq;
}

/** Sends the header fields that the hooks have set and those of a stream; from here on Fastify leaves the answer alone. */
function answerItself(request: FastifyRequest, reply: FastifyReply): FastifyReply['raw'] {
  rest(request);
  reply.hijack();
  reply.raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...FIELDS });
  return reply.raw;
}
