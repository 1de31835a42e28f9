import type { Prepare } from './list.ts';
import type { Origin, RunningRemoval } from './port.ts';
import { requestIdOf, type StoredRequestId } from './request_ids.ts';

interface Row extends Pick<RunningRemoval, 'host' | 'removal'>, Pick<Origin, 'traceparent'> {
  readonly request_id: StoredRequestId;
  readonly actor: string | null;
}

/** The last event of a removal is among the last of its host. */
const LAST_EVENT = `(SELECT v.seq FROM host_names AS n CROSS JOIN events AS v ON v.host = n.key
  WHERE n.name = h.id AND +v.subject = 'removals/' || r.id ORDER BY v.seq DESC LIMIT 1)`;

/** Removals that are running, in order of creation, each for whom its last event was, where the journal has that yet. */
export function runningRemovals(prepare: Prepare): RunningRemoval[] {
  const rows = prepare(`SELECT h.id AS host, r.id AS removal, e.request_id, e.traceparent, e.actor
    FROM removals AS r CROSS JOIN hosts AS h ON h.key = r.host LEFT JOIN events AS e ON e.seq = ${LAST_EVENT}
    WHERE r.state = 'running' ORDER BY r.key`).all() as Row[];
  return rows.map(({ host, removal, request_id, traceparent, actor }) => ({
    host,
    removal,
    origin: actor === null ? null : { request_id: requestIdOf(request_id), traceparent, actor },
  }));
}
