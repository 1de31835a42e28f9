import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { createdOr, outcome } from '../mutate.ts';
import { nounRoutes } from '../noun.ts';
import { CreateOpenFile, OpenFile, openFileFilters } from '../schemas/open_file.ts';
import { Outcome } from '../schemas/outcome.ts';
import { OpenFilePath } from '../schemas/path.ts';

/** /v1/open-files, /v1/hosts/{host}/open-files and one descriptor; DELETE is its close. */
export function openFileRoutes(app: FastifyInstance, backend: Backend): void {
  const open_files = nounRoutes(app, backend, {
    kind: 'open_files',
    singular: 'open_file',
    record: OpenFile,
    params: OpenFilePath,
    filters: openFileFilters,
    sorts: ['pid', 'dax_device'],
  });
  open_files.create({
    summary: 'open(2)',
    description:
      "Of a file or a device node. 409 with the kernel's errno where it refuses; 200 with an outcome where the call does not come back.",
    body: CreateOpenFile,
    command: 'open_file',
    fields: ({ body }) => body,
    answer: createdOr(OpenFile, Outcome),
  });
  open_files.batch({ command: 'open_file', body: CreateOpenFile, fields: (body) => body });
  open_files.verb({
    id: 'closeFile',
    summary: 'close(2)',
    description: 'Mappings made through the descriptor, and forks, keep what it had open.',
    method: 'DELETE',
    command: 'close_file',
    fields: ({ params }) => ({ open_file: params.open_file }),
    answer: outcome(Outcome),
  });
}
