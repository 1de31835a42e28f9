import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { createdOr, outcome } from '../mutate.ts';
import { nounRoutes } from '../noun.ts';
import { Access, CreateMapping, Mapping, mappingFilters } from '../schemas/mapping.ts';
import { Outcome } from '../schemas/outcome.ts';
import { MappingPath } from '../schemas/path.ts';

/** /v1/mappings, /v1/hosts/{host}/mappings, one mapping, and access through it. */
export function mappingRoutes(app: FastifyInstance, backend: Backend): void {
  const mappings = nounRoutes(app, backend, {
    kind: 'mappings',
    singular: 'mapping',
    record: Mapping,
    params: MappingPath,
    filters: mappingFilters,
    sorts: ['pid', 'dax_device'],
  });
  mappings.create({
    summary: 'mmap(2)',
    description:
      "Refused with the kernel's errno where it refuses; 200 with an outcome where the call does not come back.",
    body: CreateMapping,
    command: 'create_mapping',
    fields: ({ body }) => body,
    answer: createdOr(Mapping, Outcome),
  });
  mappings.batch({ command: 'create_mapping', body: CreateMapping, fields: (body) => body });
  mappings.verb({
    id: 'munmap',
    summary: 'Unmap a mapping, as munmap(2)',
    method: 'DELETE',
    command: 'munmap',
    fields: ({ params }) => ({ mapping: params.mapping }),
    answer: outcome(Outcome),
  });
  mappings.verb({
    id: 'accessMapping',
    summary: 'Touch memory through a mapping, or let the kernel do it',
    description:
      'Before a removal it faults pages in; after it, it shows what the process, and the kernel, would get.',
    method: 'POST',
    at: 'access',
    body: Access,
    command: 'access',
    fields: ({ params, body }) => ({ mapping: params.mapping, ...body }),
    answer: outcome(Outcome),
  });
}
