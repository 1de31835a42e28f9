import type { FastifyInstance, FastifyReply } from 'fastify';
import type * as z from 'zod';
import type { Answer } from '../../engine/answer.ts';
import type { Backend } from '../backend.ts';
import { hostListRoute } from '../list.ts';
import { changed, conditionsOf, mark, mutationRoute, mutationSchema } from '../mutate.ts';
import { jsonResponse, REQUEST_HEADERS, RESPONSE_HEADERS } from '../operation.ts';
import { doneOrThrow } from '../problem.ts';
import { loadRecord, readRoute } from '../read.ts';
import { cut, hasEnded, preferredWait } from '../removal_answer.ts';
import {
  BindCxlMemdev,
  CommitCxlRegion,
  CxlMemdev,
  CxlMemdevRemoval,
  CxlRegion,
  memdevFilters,
  regionFilters,
  RemoveCxlMemdev,
} from '../schemas/cxl.ts';
import { Empty } from '../schemas/empty.ts';
import { CxlMemdevPath, CxlRegionPath } from '../schemas/path.ts';

const tag = 'cxl';
const memdevs = '/v1/hosts/:host/cxl-memdevs';
const regions = '/v1/hosts/:host/cxl-regions';
const memdevTarget = (id: string) => ({ kind: 'cxl_memdevs', id }) as const;
const regionTarget = ({ params }: { params: { region: string } }) =>
  ({ kind: 'cxl_regions', id: params.region }) as const;

/** /v1/hosts/{host}/cxl-memdevs and cxl-regions: what is there, what goes with a memdev, and how it comes back. */
export function cxlRoutes(app: FastifyInstance, backend: Backend): void {
  reads(app, backend);
  removeRoute(app, backend);
  mutationRoute(app, backend, {
    id: 'bindCxlMemdev',
    tag,
    summary: 'Bind a driver to a CXL memdev again',
    description:
      '`cxl_pci` brings a memdev that is gone back, which may get another name. A conflict has the errno of the kernel.',
    method: 'POST',
    url: `${memdevs}/:memdev/bind`,
    params: CxlMemdevPath,
    body: BindCxlMemdev,
    command: ({ params, body }) => ({ type: 'bind_cxl_memdev', memdev: params.memdev, ...body }),
    target: ({ params }) => memdevTarget(params.memdev),
    answer: changed(CxlMemdev),
  });
  mutationRoute(app, backend, {
    id: 'commitCxlRegion',
    tag,
    summary: 'Program the decoders of a CXL region that was reset',
    method: 'POST',
    url: `${regions}/:region/commit`,
    params: CxlRegionPath,
    body: CommitCxlRegion,
    command: ({ params, body }) => ({ type: 'commit_cxl_region', region: params.region, ...body }),
    target: regionTarget,
    answer: changed(CxlRegion),
  });
  mutationRoute(app, backend, {
    id: 'bindCxlRegion',
    tag,
    summary: 'Bind cxl_region to a region again',
    description: 'Its dax devices are bound with it, but for those whose medium was replaced.',
    method: 'POST',
    url: `${regions}/:region/bind`,
    params: CxlRegionPath,
    body: Empty,
    command: ({ params }) => ({ type: 'bind_cxl_region', region: params.region }),
    target: regionTarget,
    answer: changed(CxlRegion),
  });
}

function reads(app: FastifyInstance, backend: Backend): void {
  hostListRoute(app, backend, {
    id: 'listCxlMemdevs',
    tag,
    summary: 'List CXL memdevs of a host',
    url: memdevs,
    kind: 'cxl_memdevs',
    item: CxlMemdev,
    filters: memdevFilters,
  });
  readRoute(app, {
    id: 'getCxlMemdev',
    tag,
    summary: 'Get a CXL memdev',
    url: `${memdevs}/:memdev`,
    params: CxlMemdevPath,
    schema: CxlMemdev,
    load: ({ host, memdev }) => loadRecord(backend, 'cxl_memdevs', host, memdev, 'cxl_memdev_not_found'),
  });
  hostListRoute(app, backend, {
    id: 'listCxlRegions',
    tag,
    summary: 'List CXL regions of a host',
    url: regions,
    kind: 'cxl_regions',
    item: CxlRegion,
    filters: regionFilters,
  });
  readRoute(app, {
    id: 'getCxlRegion',
    tag,
    summary: 'Get a CXL region',
    url: `${regions}/:region`,
    params: CxlRegionPath,
    schema: CxlRegion,
    load: ({ host, region }) => loadRecord(backend, 'cxl_regions', host, region, 'cxl_region_not_found'),
  });
}

type Taken = NonNullable<Answer['cxl']>;

function removeRoute(app: FastifyInstance, backend: Backend): void {
  const headers = { ...RESPONSE_HEADERS.mutation, ...RESPONSE_HEADERS.prefer };
  const responses = {
    200: jsonResponse(
      'Nothing stands on it, or, with `Prefer: wait`, all has ended.',
      CxlMemdevRemoval,
      headers,
    ),
    202: jsonResponse('The removals have begun.', CxlMemdevRemoval, {
      ...headers,
      ...RESPONSE_HEADERS.location,
    }),
  };
  const schema = mutationSchema({
    id: 'removeCxlMemdev',
    tag,
    summary: 'Remove a CXL memdev and all that depends on it',
    description:
      'memdev → decoder → region → dax device: a removal for each device. Location is the first one.',
    params: CxlMemdevPath,
    body: RemoveCxlMemdev,
    target: memdevTarget,
    headers: REQUEST_HEADERS.prefer,
    answer: { responses },
  });
  const wait = preferredWait(app, backend);
  app.post(`${memdevs}/:memdev/remove`, { schema }, async (request, reply) => {
    const { host, memdev } = request.params as z.output<typeof CxlMemdevPath>;
    const body = request.body as z.output<typeof RemoveCxlMemdev>;
    const submission = {
      host,
      command: { type: 'remove_cxl_memdev', memdev, ...body } as const,
      ...conditionsOf(request, memdevTarget(memdev)),
    };
    const done = doneOrThrow(await backend.submit(submission));
    mark(reply, submission, done.replayed);
    const begun = takenOf(done.reply);
    const ended = submission.dry_run === true ? null : await wait(request, reply, begun.removals);
    const taken = ended === null ? begun : await now(backend, begun, ended);
    return send(reply, taken);
  });
}

function takenOf({ cxl }: Answer): Taken {
  if (cxl === undefined) throw new Error('the remove of a memdev without what it takes');
  return cxl;
}

/** The same after the wait. */
async function now(
  backend: Backend,
  begun: Taken,
  ended: readonly (Taken['removals'][number] | null)[],
): Promise<Taken> {
  const { host, name } = begun.cxl_memdev;
  const memdev = await backend.get('cxl_memdevs', host, name);
  const regions = begun.cxl_regions.map(
    async (own) => (await backend.get('cxl_regions', host, own.name)) ?? own,
  );
  return {
    cxl_memdev: memdev ?? begun.cxl_memdev,
    cxl_regions: await Promise.all(regions),
    removals: begun.removals.map((own, at) => ended[at] ?? own),
  };
}

function send(reply: FastifyReply, taken: Taken): FastifyReply {
  const [first] = taken.removals;
  if (first !== undefined) reply.header('location', `/v1/removals/${first.id}`);
  const body = { ...taken, removals: taken.removals.map(cut) };
  return reply.code(taken.removals.every(hasEnded) ? 200 : 202).send(body);
}
