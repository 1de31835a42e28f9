import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { fleetListRoute, hostListRoute } from '../list.ts';
import { created, mutationRoute, outcome } from '../mutate.ts';
import { loadRecord, readRoute } from '../read.ts';
import { Access, CreateMapping, Mapping, mappingFilters as filters } from '../schemas/mapping.ts';
import { Outcome } from '../schemas/outcome.ts';
import { HostPath, MappingPath } from '../schemas/path.ts';

const tag = 'mappings';
const url = '/v1/hosts/:host/mappings';
const target = ({ params }: { params: { mapping: string } }) =>
  ({ kind: 'mappings', id: params.mapping }) as const;

/** /v1/mappings, /v1/hosts/{host}/mappings, one mapping, and access through it. */
export function mappingRoutes(app: FastifyInstance, backend: Backend): void {
  const list = { tag, kind: 'mappings', item: Mapping, filters } as const;
  fleetListRoute(app, backend, {
    ...list,
    id: 'listFleetMappings',
    summary: 'List mappings of the fleet',
    url: '/v1/mappings',
  });
  hostListRoute(app, backend, { ...list, id: 'listMappings', summary: 'List mappings of a host', url });
  readRoute(app, {
    id: 'getMapping',
    tag,
    summary: 'Get a mapping',
    url: `${url}/:mapping`,
    params: MappingPath,
    schema: Mapping,
    load: ({ host, mapping }) => loadRecord(backend, 'mappings', host, mapping, 'mapping_not_found'),
  });
  mutationRoute(app, backend, {
    id: 'createMapping',
    tag,
    summary: 'mmap(2)',
    method: 'POST',
    url,
    params: HostPath,
    body: CreateMapping,
    command: ({ body }) => ({ type: 'create_mapping', ...body }),
    answer: created(Mapping),
  });
  mutationRoute(app, backend, {
    id: 'munmap',
    tag,
    summary: 'munmap(2)',
    method: 'DELETE',
    url: `${url}/:mapping`,
    params: MappingPath,
    command: ({ params }) => ({ type: 'munmap', mapping: params.mapping }),
    target,
    answer: outcome(Outcome),
  });
  mutationRoute(app, backend, {
    id: 'accessMapping',
    tag,
    summary: 'Touch memory through a mapping, or let the kernel do it',
    description:
      'Before a removal it faults pages in; after it, it shows what the process, and the kernel, would get.',
    method: 'POST',
    url: `${url}/:mapping/access`,
    params: MappingPath,
    body: Access,
    command: ({ params, body }) => ({ type: 'access', mapping: params.mapping, ...body }),
    target,
    answer: outcome(Outcome),
  });
}
