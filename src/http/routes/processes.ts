import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { hostListRoute } from '../list.ts';
import { created, mutationRoute, outcome } from '../mutate.ts';
import { loadRecord, readRoute } from '../read.ts';
import { Outcome } from '../schemas/outcome.ts';
import { HostPath, ProcessPath } from '../schemas/path.ts';
import { CreateProcess, Process, processFilters as filters } from '../schemas/process.ts';

const tag = 'processes';
const url = '/v1/hosts/:host/processes';

/** /v1/hosts/{host}/processes and one process; DELETE is its exit. */
export function processRoutes(app: FastifyInstance, backend: Backend): void {
  hostListRoute(app, backend, {
    id: 'listProcesses',
    tag,
    summary: 'List processes of a host',
    url,
    kind: 'processes',
    item: Process,
    filters,
  });
  readRoute(app, {
    id: 'getProcess',
    tag,
    summary: 'Get a process',
    url: `${url}/:pid`,
    params: ProcessPath,
    schema: Process,
    load: ({ host, pid }) => loadRecord(backend, 'processes', host, pid, 'process_not_found'),
  });
  mutationRoute(app, backend, {
    id: 'createProcess',
    tag,
    summary: 'Create a process',
    description: 'With `parent_pid` it is a fork that inherits mappings.',
    method: 'POST',
    url,
    params: HostPath,
    body: CreateProcess,
    command: ({ body }) => ({ type: 'create_process', ...body }),
    answer: created(Process),
  });
  mutationRoute(app, backend, {
    id: 'exitProcess',
    tag,
    summary: 'A process exits',
    description: 'Its record stays, with the state `dead`. The kernel may oops on the way.',
    method: 'DELETE',
    url: `${url}/:pid`,
    params: ProcessPath,
    command: ({ params }) => ({ type: 'exit_process', pid: Number(params.pid) }),
    target: ({ params }) => ({ kind: 'processes', id: params.pid }),
    answer: outcome(Outcome),
  });
}
