import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RemovalRecord } from '../engine/removal/record.ts';
import type { Backend } from './backend.ts';
import { untilClosing } from './closing.ts';
import { waitOf } from './prefer.ts';

const REPORT_ROWS_MAX = 100;

type Wait = (
  request: FastifyRequest,
  reply: FastifyReply,
  removals: readonly RemovalRecord[],
) => Promise<(RemovalRecord | null)[] | null>;

/** Waits for each as `Prefer: wait=N` says; null where nothing is said, or for one that the server's end overtakes. */
export function preferredWait(app: FastifyInstance, backend: Backend): Wait {
  const race = untilClosing(app);
  return async (request, reply, removals) => {
    const seconds = waitOf(request.headers.prefer);
    if (seconds === null) return null;
    reply.header('preference-applied', `wait=${String(seconds)}`);
    return Promise.all(removals.map(async ({ uid }) => race(backend.waitForRemoval(uid, seconds * 1000))));
  };
}

export function hasEnded(removal: RemovalRecord): boolean {
  return removal.state === 'completed' || removal.state === 'stuck';
}

/** The first 100 signals: all of them are at …/signals. */
export function cut(removal: RemovalRecord): RemovalRecord {
  const { signals } = removal.report;
  if (signals.length <= REPORT_ROWS_MAX) return removal;
  return { ...removal, report: { ...removal.report, signals: signals.slice(0, REPORT_ROWS_MAX) } };
}
