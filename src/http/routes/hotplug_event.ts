import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AnswerTo } from '../../engine/answer.ts';
import type { RemovalRecord } from '../../engine/model/removal.ts';
import type { Backend, Reply } from '../backend.ts';
import { createdResponses, openedBy, sendCreated, type AnswerKind } from '../mutate.ts';
import { nounRoutes } from '../noun.ts';
import { RESPONSE_HEADERS } from '../operation.ts';
import { cut, isAtRest, preferredWait } from '../removal_answer.ts';
import {
  CreateHotplugEvent,
  HotplugEvent,
  hotplugEventFilters,
  RecordedHotplugEvent,
} from '../schemas/hotplug_event.ts';
import { HotplugEventPath } from '../schemas/path.ts';

/** /v1/hotplug-events, /v1/hosts/{host}/hotplug-events and one event. */
export function hotplugEventRoutes(app: FastifyInstance, backend: Backend): void {
  const events = nounRoutes(app, backend, {
    kind: 'hotplug_events',
    singular: 'hotplug_event',
    record: HotplugEvent,
    params: HotplugEventPath,
    filters: hotplugEventFilters,
    sorts: ['dax_device'],
  });
  events.create({
    summary: 'Say what the bus did',
    description:
      'What the bus does: `surprise_removal` and `orderly_removal` start a removal and link it; `add` and `replace` put a medium back. ' +
      '`Prefer: wait` waits for the removals, and the answer has them, as a dry run has.',
    body: CreateHotplugEvent,
    command: 'record_hotplug_event',
    fields: ({ body }) => body,
    answer: recorded,
    settle: preferredWait(app, backend, async ({ record, removals }, ended) => ({
      record,
      removals: await Promise.all(removals.map(ended)),
    })),
  });
}

type Recorded = AnswerTo<'record_hotplug_event'>;

const recorded: AnswerKind<Recorded> = {
  responses: createdResponses(RecordedHotplugEvent, RESPONSE_HEADERS.prefer),
  send: (reply, done, path) => sendCreated(reply, path, done.answer.record, whatCame(done, reply)),
};

type Came = { readonly removals?: RemovalRecord[] } & Partial<ReturnType<typeof openedBy>>;

/** What a medium that is put back opens; the removals for a client that asks for their end: else it follows the link. */
function whatCame(done: Reply<Recorded>, reply: FastifyReply): Came {
  const { removals } = done.answer;
  const opens = removals.length === 0 ? openedBy(done) : {};
  return isAtRest(reply) ? { ...opens, removals: removals.map(cut) } : opens;
}
