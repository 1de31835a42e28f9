import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { fleetListRoute, hostListRoute } from '../list.ts';
import { changed, created, mutationRoute, openedBy, outcome } from '../mutate.ts';
import { loadRecord, readRoute } from '../read.ts';
import { Empty } from '../schemas/empty.ts';
import { CreatedMount, CreateMount, Mount, mountFilters as filters } from '../schemas/mount.ts';
import { Outcome } from '../schemas/outcome.ts';
import { HostPath, MountPath } from '../schemas/path.ts';
import { queryBoolean } from '../schemas/scalar.ts';

const tag = 'mounts';
const url = '/v1/hosts/:host/mounts';
const target = ({ params }: { params: { mount: string } }) => ({ kind: 'mounts', id: params.mount }) as const;

/** /v1/mounts, /v1/hosts/{host}/mounts and one mount with its shutdown and journal commit. */
export function mountRoutes(app: FastifyInstance, backend: Backend): void {
  const list = { tag, kind: 'mounts', item: Mount, filters } as const;
  fleetListRoute(app, backend, {
    ...list,
    id: 'listFleetMounts',
    summary: 'List mounts of the fleet',
    url: '/v1/mounts',
  });
  hostListRoute(app, backend, { ...list, id: 'listMounts', summary: 'List mounts of a host', url });
  readRoute(app, {
    id: 'getMount',
    tag,
    summary: 'Get a mount',
    url: `${url}/:mount`,
    params: MountPath,
    schema: Mount,
    load: ({ host, mount }) => loadRecord(backend, 'mounts', host, mount, 'mount_not_found'),
  });
  mutationRoute(app, backend, {
    id: 'createMount',
    tag,
    summary: 'Mount a file system',
    description:
      'A file system outlives its mount: mounting again shows its files; `mkfs: true` makes a new one.',
    method: 'POST',
    url,
    params: HostPath,
    body: CreateMount,
    command: ({ body }) => ({ type: 'create_mount', ...body }),
    answer: created(CreatedMount, openedBy),
  });
  verbs(app, backend);
}

function verbs(app: FastifyInstance, backend: Backend): void {
  mutationRoute(app, backend, {
    id: 'umount',
    tag,
    summary: 'Unmount',
    description: '409 EBUSY while files are in use; `lazy=true` is umount -l.',
    method: 'DELETE',
    url: `${url}/:mount`,
    params: MountPath,
    query: { lazy: queryBoolean.exactOptional() },
    command: ({ params, query }) => ({ type: 'umount', mount: params.mount, lazy: query.lazy ?? false }),
    target,
    answer: outcome(Outcome),
  });
  mutationRoute(app, backend, {
    id: 'shutdownMount',
    tag,
    summary: 'Shut the file system down',
    description: 'What the administrator does with XFS_IOC_GOINGDOWN or EXT4_IOC_SHUTDOWN.',
    method: 'POST',
    url: `${url}/:mount/shutdown`,
    params: MountPath,
    body: Empty,
    command: ({ params }) => ({ type: 'shutdown_mount', mount: params.mount }),
    target,
    answer: changed(Mount),
  });
  mutationRoute(app, backend, {
    id: 'commitJournal',
    tag,
    summary: "Run kjournald2's periodic commit",
    description: 'Every 5 s on a real kernel; here it happens when you ask.',
    method: 'POST',
    url: `${url}/:mount/commit`,
    params: MountPath,
    body: Empty,
    command: ({ params }) => ({ type: 'commit_journal', mount: params.mount }),
    target,
    answer: changed(Mount),
  });
}
