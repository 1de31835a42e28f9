import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { hostListRoute } from '../list.ts';
import { changed, locate, mutationRoute, openedBy, type AnswerKind } from '../mutate.ts';
import { jsonResponse, RESPONSE_HEADERS } from '../operation.ts';
import { loadRecord, readRoute } from '../read.ts';
import { cut, preferredWait, statusOf } from '../removal_answer.ts';
import {
  BindCxlMemdev,
  ChangedCxlRegion,
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
    answer: changed(ChangedCxlRegion, openedBy),
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
    answer: changed(ChangedCxlRegion, openedBy),
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

function removeRoute(app: FastifyInstance, backend: Backend): void {
  mutationRoute(app, backend, {
    id: 'removeCxlMemdev',
    tag,
    summary: 'Remove a CXL memdev and all that depends on it',
    description:
      'memdev → decoder → region → dax device: a removal for each device. Location is the first one.',
    method: 'POST',
    url: `${memdevs}/:memdev/remove`,
    params: CxlMemdevPath,
    body: RemoveCxlMemdev,
    command: ({ params, body }) => ({ type: 'remove_cxl_memdev', memdev: params.memdev, ...body }),
    target: ({ params }) => memdevTarget(params.memdev),
    answer: removed,
    settle: preferredWait(app, backend),
  });
}

const headers = { ...RESPONSE_HEADERS.mutation, ...RESPONSE_HEADERS.prefer };

/** The memdev, its regions, and the removals of what stands on them. */
const removed: AnswerKind = {
  responses: {
    200: jsonResponse(
      'Nothing stands on it, or, with `Prefer: wait` or in a dry run, all has ended.',
      CxlMemdevRemoval,
      headers,
    ),
    202: jsonResponse('The removals have begun, or would wait.', CxlMemdevRemoval, {
      ...headers,
      ...RESPONSE_HEADERS.location,
    }),
  },
  send: (reply, { cxl }) => {
    if (cxl === undefined) throw new Error('the remove of a memdev without what it takes');
    const [first] = cxl.removals;
    if (first !== undefined) locate(reply, `/v1/removals/${first.id}`);
    return reply.code(statusOf(reply, cxl.removals)).send({ ...cxl, removals: cxl.removals.map(cut) });
  },
};
