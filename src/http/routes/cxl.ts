import type { FastifyInstance } from 'fastify';
import type { AnswerTo } from '../../engine/answer.ts';
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
    sorts: ['name'],
  });
  const regions = nounRoutes(app, backend, {
    tag,
    kind: 'cxl_regions',
    singular: 'cxl_region',
    record: CxlRegion,
    params: CxlRegionPath,
    filters: regionFilters,
    sorts: ['name', 'size'],
  });
  memdevs.verb({
    id: 'removeCxlMemdev',
    summary: 'Remove a CXL memdev and all that depends on it',
    description:
      'Down the chain: memdev → decoder → region → dax device: a removal for each device. Location is the first one.',
    method: 'POST',
    at: 'remove',
    body: RemoveCxlMemdev,
    command: 'remove_cxl_memdev',
    fields: ({ params, body }) => ({ memdev: params.memdev, ...body }),
    answer: removed,
    settle: preferredWait(app, backend, async ({ removals, ...begun }, ended) => {
      const settled = await Promise.all(removals.map(ended));
      return { ...(await cxlNow(backend, begun)), removals: settled };
    }),
  });
  memdevs.verb({
    id: 'bindCxlMemdev',
    summary: 'Bind a driver to a CXL memdev again',
    description:
      'Its driver binds it; `cxl_pci` brings back a memdev that is gone; it may get another name. A conflict has the errno of the kernel.',
    method: 'POST',
    at: 'bind',
    body: BindCxlMemdev,
    command: 'bind_cxl_memdev',
    fields: ({ params, body }) => ({ memdev: params.memdev, ...body }),
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
    command: 'commit_cxl_region',
    fields: ({ params, body }) => ({ region: params.region, ...body }),
    answer: changed(ChangedCxlRegion, openedBy),
  });
  regions.verb({
    id: 'bindCxlRegion',
    summary: 'Bind cxl_region to a region again',
    description: 'Its dax devices are bound with it, except those whose medium was replaced.',
    method: 'POST',
    at: 'bind',
    body: Empty,
    command: 'bind_cxl_region',
    fields: ({ params }) => ({ region: params.region }),
    answer: changed(ChangedCxlRegion, openedBy),
  });
}

type Removed = AnswerTo<'remove_cxl_memdev'>;
type Cxl = Omit<Removed, 'removals'>;

/** The memdev and the regions that stand beside the removals change with them. */
async function cxlNow(backend: Backend, { cxl_memdev, cxl_regions, ...told }: Cxl): Promise<Cxl> {
  const { host, name } = cxl_memdev;
  const regions = cxl_regions.map(
    async (region) => (await backend.get('cxl_regions', host, region.name)) ?? region,
  );
  return {
    ...told,
    cxl_memdev: (await backend.get('cxl_memdevs', host, name)) ?? cxl_memdev,
    cxl_regions: await Promise.all(regions),
  };
}

const headers = { ...RESPONSE_HEADERS.mutation, ...RESPONSE_HEADERS.prefer };

/** The memdev, its regions, and the removals of what stands on them. */
const removed: AnswerKind<Removed> = {
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
  send: (reply, { answer }) => {
    const { removals } = answer;
    const [first] = removals;
    if (first !== undefined) locate(reply, `/v1/removals/${first.id}`);
    return reply.code(statusOf(reply, removals)).send({ ...answer, removals: removals.map(cut) });
  },
};
