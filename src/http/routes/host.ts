import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { Backend } from '../backend.ts';
import { fleetListRoute } from '../list.ts';
import { changed, created, deleted, mutationRoute } from '../mutate.ts';
import { loadText, readRoute } from '../read.ts';
import {
  CreateHost,
  Host,
  HostHealth,
  HostKernel,
  KernelRelease,
  PatchHost,
  Reboot,
} from '../schemas/host.ts';
import { HostPath } from '../schemas/path.ts';

const tag = 'hosts';
const url = '/v1/hosts';
const target = ({ params }: { params: { host: string } }) => ({ kind: 'hosts', id: params.host }) as const;

/** /v1/hosts, /v1/hosts/{host} and its reboot. */
export function hostRoutes(app: FastifyInstance, backend: Backend): void {
  const filters = {
    kernel: HostKernel.exactOptional(),
    kernel_release: KernelRelease.exactOptional(),
    health: HostHealth.exactOptional(),
  };
  fleetListRoute(app, backend, {
    id: 'listHosts',
    tag,
    summary: 'List hosts',
    url,
    kind: 'hosts',
    item: Host,
    filters,
    sorts: ['name', 'kernel'],
  });
  readRoute(app, {
    id: 'getHost',
    tag,
    summary: 'Get a host',
    url: `${url}/:host`,
    params: HostPath,
    schema: Host,
    load: ({ host }) => loadText(backend, 'hosts', host, host, 'host_not_found'),
  });
  mutationRoute(app, backend, {
    id: 'createHost',
    tag,
    summary: 'Create a host',
    method: 'POST',
    url,
    params: z.strictObject({}),
    body: CreateHost,
    host: ({ body }) => body.name,
    command: 'create_host',
    fields: ({ body }) => body,
    answer: created(Host),
  });
  changes(app, backend);
}

function changes(app: FastifyInstance, backend: Backend): void {
  mutationRoute(app, backend, {
    id: 'patchHost',
    tag,
    summary: 'Change a host',
    description: 'Members that are absent stay; `labels` and `sysctl` are replaced whole.',
    method: 'PATCH',
    url: `${url}/:host`,
    params: HostPath,
    body: PatchHost,
    command: 'patch_host',
    fields: ({ body }) => body,
    target,
    answer: changed(Host),
  });
  mutationRoute(app, backend, {
    id: 'deleteHost',
    tag,
    summary: 'Delete the record of a host',
    method: 'DELETE',
    url: `${url}/:host`,
    params: HostPath,
    command: 'delete_host',
    fields: () => ({}),
    target,
    answer: deleted,
  });
  mutationRoute(app, backend, {
    id: 'rebootHost',
    tag,
    summary: 'Reboot a host',
    description:
      'Processes, mappings, pins and leaked ranges end; file systems stay. 409 `undetermined` where what comes up depends on what is not known of the kernel that boots.',
    method: 'POST',
    url: `${url}/:host/reboot`,
    params: HostPath,
    body: Reboot,
    command: 'reboot',
    fields: ({ body }) => body,
    target,
    answer: changed(Host),
  });
}
