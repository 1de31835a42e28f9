import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { created, outcome } from '../mutate.ts';
import { nounRoutes } from '../noun.ts';
import { Outcome } from '../schemas/outcome.ts';
import { ProcessPath } from '../schemas/path.ts';
import { CreateProcess, Process, processFilters } from '../schemas/process.ts';

/** /v1/hosts/{host}/processes and one process; DELETE is its exit. */
export function processRoutes(app: FastifyInstance, backend: Backend): void {
  const processes = nounRoutes(app, backend, {
    kind: 'processes',
    singular: 'process',
    record: Process,
    params: ProcessPath,
    filters: processFilters,
    sorts: ['pid'],
  });
  processes.create({
    summary: 'Create a process',
    description: 'With `parent_pid` it is a fork that inherits mappings.',
    body: CreateProcess,
    command: 'create_process',
    fields: ({ body }) => body,
    answer: created(Process),
  });
  processes.batch({ command: 'create_process', body: CreateProcess, fields: (body) => body });
  processes.verb({
    id: 'exitProcess',
    summary: 'A process exits',
    description: 'Its record stays, with the state `dead`. The kernel may oops on the way.',
    method: 'DELETE',
    command: 'exit_process',
    fields: ({ params }) => ({ pid: Number(params.pid) }),
    answer: outcome(Outcome),
  });
}
