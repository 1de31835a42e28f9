import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { changed, locate, openedBy, type AnswerKind } from '../mutate.ts';
import { nounRoutes, type NounRoutes } from '../noun.ts';
import { jsonResponse, RESPONSE_HEADERS } from '../operation.ts';
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

/** /v1/hosts/{host}/cxl-memdevs and cxl-regions: what is there, what goes with a memdev, and how it comes back. */
export function cxlRoutes(app: FastifyInstance, backend: Backend): void {
  const tag = 'cxl';
  const memdevs = nounRoutes(app, backend, {
    tag,
    kind: 'cxl_memdevs',
    singular: 'cxl_memdev',
    record: CxlMemdev,
    params: CxlMemdevPath,
    filters: memdevFilters,
  });
  const regions = nounRoutes(app, backend, {
    tag,
    kind: 'cxl_regions',
    singular: 'cxl_region',
    record: CxlRegion,
    params: CxlRegionPath,
    filters: regionFilters,
  });
  memdevs.verb({
    id: 'removeCxlMemdev',
    summary: 'Remove a CXL memdev and all that depends on it',
    description:
      'memdev → decoder → region → dax device: a removal for each device. Location is the first one.',
    method: 'POST',
    at: 'remove',
    body: RemoveCxlMemdev,
    command: ({ params, body }) => ({ type: 'remove_cxl_memdev', memdev: params.memdev, ...body }),
    answer: removed,
    settle: preferredWait(app, backend),
  });
  memdevs.verb({
    id: 'bindCxlMemdev',
    summary: 'Bind a driver to a CXL memdev again',
    description:
      '`cxl_pci` brings back a memdev that is gone; it may get another name. A conflict has the errno of the kernel.',
    method: 'POST',
    at: 'bind',
    body: BindCxlMemdev,
    command: ({ params, body }) => ({ type: 'bind_cxl_memdev', memdev: params.memdev, ...body }),
    answer: changed(CxlMemdev),
  });
  regionVerbs(regions);
}

function regionVerbs(regions: NounRoutes<typeof CxlRegionPath>): void {
  regions.verb({
    id: 'commitCxlRegion',
    summary: 'Program the decoders of a CXL region that was reset',
    method: 'POST',
    at: 'commit',
    body: CommitCxlRegion,
    command: ({ params, body }) => ({ type: 'commit_cxl_region', region: params.region, ...body }),
    answer: changed(ChangedCxlRegion, openedBy),
  });
  regions.verb({
    id: 'bindCxlRegion',
    summary: 'Bind cxl_region to a region again',
    description: 'Its dax devices are bound with it, except those whose medium was replaced.',
    method: 'POST',
    at: 'bind',
    body: Empty,
    command: ({ params }) => ({ type: 'bind_cxl_region', region: params.region }),
    answer: changed(ChangedCxlRegion, openedBy),
  });
}

const headers = { ...RESPONSE_HEADERS.mutation, ...RESPONSE_HEADERS.prefer };

/** The memdev, its regions, and the removals of what stands on them. */
const removed: AnswerKind = {
  responses: {
    200: jsonResponse(
      'Nothing depends on it, or, with `Prefer: wait` or in a dry run, all removals have ended.',
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
