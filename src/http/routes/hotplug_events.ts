import type { FastifyInstance, FastifyReply } from 'fastify';
import { begunBy } from '../../engine/begun.ts';
import type { RemovalRecord } from '../../engine/model/removal.ts';
import type { Backend, Reply } from '../backend.ts';
import { fleetListRoute, hostListRoute } from '../list.ts';
import { created, mutationRoute, openedBy } from '../mutate.ts';
import { RESPONSE_HEADERS } from '../operation.ts';
import { loadRecord, readRoute } from '../read.ts';
import { cut, isAtRest, preferredWait } from '../removal_answer.ts';
import {
  CreateHotplugEvent,
  HotplugEvent,
  hotplugEventFilters as filters,
  RecordedHotplugEvent,
} from '../schemas/hotplug_event.ts';
import { HostPath, HotplugEventPath } from '../schemas/path.ts';

const tag = 'hotplug-events';
const url = '/v1/hosts/:host/hotplug-events';

/** /v1/hotplug-events, /v1/hosts/{host}/hotplug-events and one event. */
export function hotplugEventRoutes(app: FastifyInstance, backend: Backend): void {
  const list = { tag, kind: 'hotplug_events', item: HotplugEvent, filters } as const;
  fleetListRoute(app, backend, {
    ...list,
    id: 'listFleetHotplugEvents',
    summary: 'List hotplug events of the fleet',
    url: '/v1/hotplug-events',
  });
  hostListRoute(app, backend, {
    ...list,
    id: 'listHotplugEvents',
    summary: 'List hotplug events of a host',
    url,
  });
  readRoute(app, {
    id: 'getHotplugEvent',
    tag,
    summary: 'Get a hotplug event',
    url: `${url}/:event`,
    params: HotplugEventPath,
    schema: HotplugEvent,
    load: ({ host, event }) => loadRecord(backend, 'hotplug_events', host, event, 'hotplug_event_not_found'),
  });
  mutationRoute(app, backend, {
    id: 'createHotplugEvent',
    tag,
    summary: 'Say what the bus did',
    description:
      '`surprise_removal` and `orderly_removal` start a removal and link it; `add` and `replace` put a medium back. ' +
      '`Prefer: wait` waits for the removals, and the answer has them, as a dry run has.',
    method: 'POST',
    url,
    params: HostPath,
    body: CreateHotplugEvent,
    command: ({ body }) => ({ type: 'record_hotplug_event', ...body }),
    answer: created(RecordedHotplugEvent, whatCame, RESPONSE_HEADERS.prefer),
    settle: preferredWait(app, backend),
  });
}

type Came = { readonly removals?: RemovalRecord[] } & Partial<ReturnType<typeof openedBy>>;

/** What a medium that is put back opens; the removals for a client that asks for their end: else it follows the link. */
function whatCame(done: Reply, reply: FastifyReply): Came {
  const opens = done.removals?.length === 0 ? openedBy(done) : {};
  return isAtRest(reply) ? { ...opens, removals: begunBy(done).map(cut) } : opens;
}
