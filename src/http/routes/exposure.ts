import type { FastifyInstance } from 'fastify';
import { refuse } from '../../engine/model/refusal.ts';
import type { Backend } from '../backend.ts';
import { fleetListRoute } from '../list.ts';
import { RefusalProblem } from '../problem.ts';
import { readRoute } from '../read.ts';
import { Exposure, exposureFilters as filters } from '../schemas/exposure.ts';
import { ExposurePath } from '../schemas/path.ts';

const tag = 'exposures';
const url = '/v1/exposures';

/** /v1/exposures over the fleet, and one exposure. */
export function exposureRoutes(app: FastifyInstance, backend: Backend): void {
  fleetListRoute(app, backend, {
    id: 'listExposures',
    tag,
    summary: 'List exposures of the fleet',
    url,
    kind: 'exposures',
    item: Exposure,
    filters,
    sorts: ['dax_device', 'pages'],
  });
  readRoute(app, {
    id: 'getExposure',
    tag,
    summary: 'Get an exposure',
    url: `${url}/:exposure`,
    params: ExposurePath,
    schema: Exposure,
    load: async ({ exposure }) => {
      const record = await backend.getByUid('exposures', exposure);
      if (record === null)
        throw new RefusalProblem(refuse('exposure_not_found', `there is no exposure ${exposure}`));
      return record;
    },
  });
}
