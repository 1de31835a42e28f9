import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { changed, created, openedBy, outcome } from '../mutate.ts';
import { nounRoutes, type NounRoutes } from '../noun.ts';
import { Empty } from '../schemas/empty.ts';
import { CreatedMount, CreateMount, Mount, mountFilters, Remount } from '../schemas/mount.ts';
import { Outcome } from '../schemas/outcome.ts';
import { MountPath } from '../schemas/path.ts';
import { queryBoolean } from '../schemas/scalar.ts';

/** /v1/mounts, /v1/hosts/{host}/mounts and one mount with its verbs. */
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
  mounts.batch({ command: 'create_mount', body: CreateMount, fields: (body) => body });
  mounts.verb({
    id: 'umount',
    summary: 'Unmount',
    description: 'Refused with EBUSY while files are in use; `lazy=true` is umount -l.',
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
  administrate(mounts);
}

/** What administrators do before they pull a device. */
function administrate(mounts: NounRoutes<typeof MountPath>): void {
  mounts.verb({
    id: 'freezeMount',
    summary: 'Freeze the file system: fsfreeze -f',
    description:
      'All is written back and write-protected; stores and pwrite wait until it thaws, reads go on. 409 with errno: EBUSY frozen already, EIO shut down.',
    method: 'POST',
    at: 'freeze',
    body: Empty,
    command: 'freeze',
    fields: ({ params }) => ({ mount: params.mount }),
    answer: changed(Mount),
  });
  mounts.verb({
    id: 'thawMount',
    summary: 'Thaw the file system: fsfreeze -u',
    description:
      'Processes that wait go on with their store or pwrite. 409 with errno: EINVAL not frozen by its user, EIO an xfs that is shut down.',
    method: 'POST',
    at: 'thaw',
    body: Empty,
    command: 'thaw',
    fields: ({ params }) => ({ mount: params.mount }),
    answer: changed(Mount),
  });
  mounts.verb({
    id: 'remountMount',
    summary: 'Remount read-only or writable: mount -o remount',
    description:
      'Refused with EBUSY while it is frozen; to `ro` also while a file is open for writing, or unlinked and in use.',
    method: 'POST',
    at: 'remount',
    body: Remount,
    command: 'remount',
    fields: ({ params, body }) => ({ mount: params.mount, ...body }),
    answer: changed(Mount),
  });
  mounts.verb({
    id: 'syncMount',
    summary: 'Write back what is dirty: sync(2)',
    description: 'As far as it comes to this file system. It tells of no error.',
    method: 'POST',
    at: 'sync',
    body: Empty,
    command: 'sync',
    fields: ({ params }) => ({ mount: params.mount }),
    answer: outcome(Outcome),
  });
}
