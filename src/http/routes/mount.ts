import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { changed, created, openedBy, outcome } from '../mutate.ts';
import { nounRoutes } from '../noun.ts';
import { Empty } from '../schemas/empty.ts';
import { CreatedMount, CreateMount, Mount, mountFilters } from '../schemas/mount.ts';
import { Outcome } from '../schemas/outcome.ts';
import { MountPath } from '../schemas/path.ts';
import { queryBoolean } from '../schemas/scalar.ts';

/** /v1/mounts, /v1/hosts/{host}/mounts and one mount with its shutdown and journal commit. */
export function mountRoutes(app: FastifyInstance, backend: Backend): void {
  const mounts = nounRoutes(app, backend, {
    kind: 'mounts',
    singular: 'mount',
    record: Mount,
    params: MountPath,
    filters: mountFilters,
    sorts: ['path', 'dax_device'],
  });
  mounts.create({
    summary: 'Mount a file system',
    description:
      'A file system outlives its mount: mounting again shows its files; `mkfs: true` makes a new one.',
    body: CreateMount,
    command: 'create_mount',
    fields: ({ body }) => body,
    answer: created(CreatedMount, openedBy),
  });
  mounts.verb({
    id: 'umount',
    summary: 'Unmount',
    description: '409 EBUSY while files are in use; `lazy=true` is umount -l.',
    method: 'DELETE',
    query: { lazy: queryBoolean.exactOptional() },
    command: 'umount',
    fields: ({ params, query }) => ({ mount: params.mount, lazy: query.lazy ?? false }),
    answer: outcome(Outcome),
  });
  mounts.verb({
    id: 'shutdownMount',
    summary: 'Shut the file system down',
    description: 'What the administrator does with XFS_IOC_GOINGDOWN or EXT4_IOC_SHUTDOWN.',
    method: 'POST',
    at: 'shutdown',
    body: Empty,
    command: 'shutdown_mount',
    fields: ({ params }) => ({ mount: params.mount }),
    answer: changed(Mount),
  });
  mounts.verb({
    id: 'commitJournal',
    summary: "Run kjournald2's periodic commit",
    description: 'Every 5 s on a real kernel; here it happens when you ask.',
    method: 'POST',
    at: 'commit',
    body: Empty,
    command: 'commit_journal',
    fields: ({ params }) => ({ mount: params.mount }),
    answer: changed(Mount),
  });
}
