import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { fleetListRoute } from '../list.ts';
import { loadTextByUid, readRoute } from '../read.ts';
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
    load: ({ exposure }) => loadTextByUid(backend, 'exposures', exposure, 'exposure_not_found'),
  });
}
