import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { RemovalRecord } from '../../engine/removal/record.ts';
import { refuse } from '../../engine/refusal.ts';
import type { Backend, Reply } from '../backend.ts';
import { etagOf } from '../etag.ts';
import { fleetListRoute, listSchema } from '../list.ts';
import { slicePage } from '../memory_page.ts';
import { conditionsOf, mark, mutationSchema } from '../mutate.ts';
import { jsonResponse, REQUEST_HEADERS, RESPONSE_HEADERS } from '../operation.ts';
import { doneOrThrow, RefusalProblem } from '../problem.ts';
import { readRoute } from '../read.ts';
import { cut, hasEnded, preferredWait } from '../removal_answer.ts';
import { RemoveDaxDevice } from '../schemas/dax_device.ts';
import { pageQuery } from '../schemas/page.ts';
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
    filters,
  });
  readRoute(app, {
    id: 'getRemoval',
    tag,
    summary: 'Get a removal and its report',
    url: '/v1/removals/:removal',
    params: RemovalPath,
    schema: Removal,
    load: async ({ removal }) => cut(await loadRemoval(backend, removal)),
  });
  signalsRoute(app, backend);
}

function removeRoute(app: FastifyInstance, backend: Backend): void {
  const headers = { ...RESPONSE_HEADERS.etag, ...RESPONSE_HEADERS.mutation, ...RESPONSE_HEADERS.prefer };
  const responses = {
    200: jsonResponse('With `Prefer: wait`: it ended, completed or stuck.', Removal, headers),
    202: jsonResponse('It has begun.', Removal, { ...headers, ...RESPONSE_HEADERS.location }),
  };
  const target = (device: string) => ({ kind: 'dax_devices', id: device }) as const;
  const schema = mutationSchema({
    id: 'removeDaxDevice',
    tag,
    summary: 'Remove a dax device',
    description: 'Starts `->remove()`; it never fails, what the kernel does is the outcome.',
    params: DevicePath,
    body: RemoveDaxDevice,
    target,
    headers: REQUEST_HEADERS.prefer,
    answer: { responses },
  });
  const wait = preferredWait(app, backend);
  app.post('/v1/hosts/:host/dax-devices/:device/remove', { schema }, async (request, reply) => {
    const { host, device } = request.params as z.output<typeof DevicePath>;
    const body = request.body as z.output<typeof RemoveDaxDevice>;
    const submission = {
      host,
      command: { type: 'remove_dax_device', dax_device: device, ...body } as const,
      ...conditionsOf(request, target(device)),
    };
    const done = doneOrThrow(await backend.submit(submission));
    mark(reply, submission, done.replayed);
    const begun = removalOf(done.reply);
    const ended = submission.dry_run === true ? null : ((await wait(request, reply, [begun]))?.[0] ?? null);
    const removal = ended ?? begun;
    reply.headers({ location: `/v1/removals/${removal.id}`, etag: etagOf(removal) });
    return reply.code(ended !== null && hasEnded(ended) ? 200 : 202).send(cut(removal));
  });
}

function removalOf({ record }: Reply): RemovalRecord {
  if (record === undefined || !('steps' in record)) throw new Error('a remove without a removal');
  return record;
}

async function loadRemoval(backend: Backend, uid: string): Promise<RemovalRecord> {
  const removal = await backend.getByUid('removals', uid);
  if (removal === null) throw new RefusalProblem(refuse('removal_not_found', `there is no removal ${uid}`));
  return removal;
}

function signalsRoute(app: FastifyInstance, backend: Backend): void {
  const querystring = z.strictObject(pageQuery);
  const operation = {
    id: 'listRemovalSignals',
    tag,
    summary: 'List the signals of a removal',
    item: Signal,
  } as const;
  const schema = listSchema(operation, querystring, RemovalPath);
  app.get('/v1/removals/:removal/signals', { schema }, async (request) => {
    const { removal } = request.params as z.output<typeof RemovalPath>;
    const { uid, report } = await loadRemoval(backend, removal);
    return slicePage(
      backend,
      `signals of ${uid}`,
      report.signals,
      request.query as z.output<typeof querystring>,
    );
  });
}
