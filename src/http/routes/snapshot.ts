import type { FastifyInstance } from 'fastify';
import type { AnswerTo } from '../../engine/answer.ts';
import { refuse } from '../../engine/model/refusal.ts';
import type { Backend } from '../backend.ts';
import { etagOf } from '../etag.ts';
import {
  changed,
  created,
  createdResponses,
  deleted,
  locate,
  mutationRoute,
  type AnswerKind,
} from '../mutate.ts';
import { nounRoutes } from '../noun.ts';
import { Host } from '../schemas/host.ts';
import { HostPath, SnapshotPath } from '../schemas/path.ts';
import { CreateSnapshot, ForkHost, RestoreHost, Snapshot, snapshotFilters } from '../schemas/snapshot.ts';

const tag = 'snapshots';

/** /v1/snapshots, /v1/hosts/{host}/snapshots and one of them; restore and fork of a host. */
export function snapshotRoutes(app: FastifyInstance, backend: Backend): void {
  const snapshots = nounRoutes(app, backend, {
    kind: 'snapshots',
    singular: 'snapshot',
    record: Snapshot,
    params: SnapshotPath,
    filters: snapshotFilters,
    sorts: [],
  });
  snapshots.create({
    summary: 'Take a snapshot of a host',
    description:
      'All records, page-table entries and extents, as they are. With the host its snapshots go; a later version of the service reads them as it reads its database. 409 `limit_reached` where the host has 100.',
    body: CreateSnapshot,
    command: 'create_snapshot',
    fields: ({ body }) => body,
    answer: created(Snapshot),
  });
  snapshots.verb({
    id: 'deleteSnapshot',
    summary: 'Delete a snapshot',
    refuses: [],
    method: 'DELETE',
    command: 'delete_snapshot',
    fields: ({ params }) => ({ snapshot: params.snapshot }),
    answer: deleted,
  });
  restoreRoute(app, backend);
  forkRoute(app, backend);
}

/** Whoever decides reads it. */
const state = refuse('snapshot_not_found', 'it was not read');

function restoreRoute(app: FastifyInstance, backend: Backend): void {
  mutationRoute(app, backend, {
    id: 'restoreHost',
    tag,
    summary: 'Restore a host to a snapshot',
    description:
      'What has come since is gone, what has gone is back. Removals that ran or waited go on as they were then. Revisions only go up, and what comes back has another uid: no former ETag matches. The journal keeps what has happened.',
    method: 'POST',
    url: '/v1/hosts/:host/restore',
    params: HostPath,
    body: RestoreHost,
    command: 'restore_host',
    fields: ({ body }) => ({ ...body, state }),
    target: ({ params }) => ({ kind: 'hosts', id: params.host }),
    answer: changed(Host),
  });
}

function forkRoute(app: FastifyInstance, backend: Backend): void {
  mutationRoute(app, backend, {
    id: 'forkHost',
    tag,
    summary: 'Fork a host',
    description:
      'A new host with the state of this one, or of a snapshot of it: every record has a uid of its own, and ids as there. It goes its own way from then on. 409 `host_exists` where the name is taken.',
    method: 'POST',
    url: '/v1/hosts/:host/fork',
    params: HostPath,
    body: ForkHost,
    host: ({ body }) => body.name,
    command: 'fork_host',
    fields: ({ params, body }) => ({ from: params.host, ...body, state }),
    answer: forked,
  });
}

/** 201 with the new host, and where it is found. */
const forked: AnswerKind<AnswerTo<'fork_host'>> = {
  responses: createdResponses(Host),
  send: (reply, { answer }) => {
    locate(reply, `/v1/hosts/${encodeURIComponent(answer.name)}`);
    return reply.code(201).header('etag', etagOf(answer)).send(answer);
  },
};
