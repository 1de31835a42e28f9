import type { FastifyInstance } from 'fastify';
import type { RemovalRecord } from '../../engine/model/removal.ts';
import type { Backend, RecordText } from '../backend.ts';
import { etagOf } from '../etag.ts';
import { fleetListRoute } from '../list.ts';
import { madeListRoute, slicePage } from '../memory_page.ts';
import { locate, mutationRoute, type AnswerKind } from '../mutate.ts';
import { jsonResponse, RESPONSE_HEADERS } from '../operation.ts';
import { loadTextByUid, readRoute } from '../read.ts';
import { cut, cutText, preferredWait, statusOf } from '../removal_answer.ts';
import { RemoveDaxDevice } from '../schemas/dax_device.ts';
import { DevicePath, RemovalPath } from '../schemas/path.ts';
import { Removal, removalFilters as filters, Signal } from '../schemas/removal.ts';

const tag = 'removals';

/** POST …/remove, /v1/removals, one removal and its signals. */
export function removalRoutes(app: FastifyInstance, backend: Backend): void {
  removeRoute(app, backend);
  fleetListRoute(app, backend, {
    id: 'listRemovals',
    tag,
    summary: 'List removals of the fleet',
    url: '/v1/removals',
    kind: 'removals',
    item: Removal,
    show: cutText,
    filters,
    sorts: ['dax_device', 'state'],
  });
  readRoute(app, {
    id: 'getRemoval',
    tag,
    summary: 'Get a removal and its report',
    url: '/v1/removals/:removal',
    params: RemovalPath,
    schema: Removal,
    load: ({ removal }) => loadRemoval(backend, removal),
    show: cutText,
  });
  signalsRoute(app, backend);
}

function removeRoute(app: FastifyInstance, backend: Backend): void {
  mutationRoute(app, backend, {
    id: 'removeDaxDevice',
    tag,
    summary: 'Remove a dax device',
    description:
      'Starts `->remove()`, which never fails: the outcome is what the kernel does. A dry run shows the removal once nothing moves any more.',
    method: 'POST',
    url: '/v1/hosts/:host/dax-devices/:device/remove',
    params: DevicePath,
    body: RemoveDaxDevice,
    command: 'remove_dax_device',
    fields: ({ params, body }) => ({ dax_device: params.device, ...body }),
    target: ({ params }) => ({ kind: 'dax_devices', id: params.device }),
    answer: removed,
    settle: preferredWait(app, backend, (removal, ended) => ended(removal)),
  });
}

const headers = { ...RESPONSE_HEADERS.etag, ...RESPONSE_HEADERS.mutation, ...RESPONSE_HEADERS.prefer };

/** The removal, with its own place. */
const removed: AnswerKind<RemovalRecord> = {
  responses: {
    200: jsonResponse(
      'With `Prefer: wait`, or in a dry run: it ended, completed or stuck.',
      Removal,
      headers,
    ),
    202: jsonResponse('It has begun, or would wait.', Removal, { ...headers, ...RESPONSE_HEADERS.location }),
  },
  send: (reply, { answer: removal }) => {
    locate(reply, `/v1/removals/${removal.id}`);
    reply.header('etag', etagOf(removal));
    return reply.code(statusOf(reply, [removal])).send(cut(removal));
  },
};

function loadRemoval(backend: Backend, uid: string): Promise<RecordText> {
  return loadTextByUid(backend, 'removals', uid, 'removal_not_found');
}

function signalsRoute(app: FastifyInstance, backend: Backend): void {
  madeListRoute(app, backend, {
    id: 'listRemovalSignals',
    tag,
    summary: 'List the signals of a removal',
    url: '/v1/removals/:removal/signals',
    params: RemovalPath,
    item: Signal,
    load: async ({ removal }, query) => {
      const { text } = await loadRemoval(backend, removal);
      const { uid, report } = JSON.parse(text) as RemovalRecord;
      return slicePage(`signals of ${uid}`, report.signals, query);
    },
  });
}
