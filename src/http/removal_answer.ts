import type { FastifyInstance, FastifyReply } from 'fastify';
import { isOver } from '../app/feed.ts';
import { cutLists, ROWS_MAX } from '../engine/model/cut.ts';
import { refuse } from '../engine/model/refusal.ts';
import type { BlastRadius, RemovalRecord } from '../engine/model/removal.ts';
import type { Backend } from './backend.ts';
import { untilClosing } from './closing.ts';
import { leaving } from './leaving.ts';
import type { Settle } from './mutate.ts';
import { waitOf } from './prefer.ts';
import { RefusalProblem } from './problem.ts';
import { rest } from './edge/work.ts';

/** A removal as it is once it has ended, or the client has waited enough. */
type Ended = (removal: RemovalRecord) => Promise<RemovalRecord>;

/**
 * `Prefer: wait=N` of a command that begins removals: waits until each has ended, or the time is up, or the client
 * leaves, or the server closes; `settle` makes the answer of what they are then. A dry run has them at rest already.
 * Throws `removal_not_found` once one is gone.
 */
export function preferredWait<Answer>(
  app: FastifyInstance,
  backend: Backend,
  settle: (begun: Answer, ended: Ended) => Promise<Answer>,
): Settle<Answer> {
  const race = untilClosing(app);
  return async (request, reply, { dry_run }, begun) => {
    const seconds = waitOf(request.headers.prefer);
    if (seconds === null) return begun;
    reply.header('preference-applied', `wait=${String(seconds)}`);
    if (dry_run === true) return begun;
    rest(request);
    const left = leaving(reply);
    return settle(
      begun,
      // A server that closes lets them go: with what there is by now.
      async ({ id, uid }) => {
        const told =
          (await race(backend.waitForRemoval(uid, seconds * 1000, left))) ??
          (await backend.waitForRemoval(uid, 0));
        if (told === null)
          throw new RefusalProblem(refuse('removal_not_found', `${id} began, and a restore has undone it`));
        return told;
      },
    );
  };
}

/** 200 for removals that ended while the client waited, or in a dry run, or where there is none; else 202. */
export function statusOf(reply: FastifyReply, removals: readonly RemovalRecord[]): 200 | 202 {
  const ended = isAtRest(reply) && removals.every(({ state }) => isOver(state));
  return ended || removals.length === 0 ? 200 : 202;
}

/** Whether the answer has its removals at rest: the client waited for them, or they are imagined (WI3). */
export function isAtRest(reply: FastifyReply): boolean {
  return reply.hasHeader('preference-applied') || reply.hasHeader('dry-run');
}

/** The shortest that a row of a list can be told. */
const ROW_TEXT_MIN = '{"mount":"m1","fs_type":"xfs","result":"frozen","reason":null},'.length;
/** Names of pins and tenants are shorter. What waits is among the pins waited for. */
const MANY_NAMES = new RegExp(
  String.raw`"(?:pins_waited_for|tenants)":\[(?:"(?:[^"\\]|\\.)*",?){${String(ROWS_MAX + 1)}}`,
);

/** cut() of a stored text. One too short to hold more than 100 rows goes as it is, unread. */
export function cutText(text: string): string {
  if (text.length < ROWS_MAX * ROW_TEXT_MIN && !MANY_NAMES.test(text)) return text;
  return JSON.stringify(cut(JSON.parse(text) as RemovalRecord));
}

/** The first 100 rows of each list that grows, and how many there are (CUT1). Older removals have all their tenants. */
export function cut(removal: RemovalRecord): RemovalRecord {
  const { waiting_on, mapped_before, report } = removal;
  const { signals, pins_waited_for, file_systems, blast_radius } = report;
  const { rows, told } = cutLists(
    { waiting_on, mapped_before, signals, pins_waited_for, file_systems },
    removal.cut,
  );
  const { waiting_on: waits, mapped_before: mapped, ...lists } = rows;
  return {
    ...removal,
    waiting_on: waits,
    mapped_before: mapped,
    ...told,
    report: { ...report, ...lists, blast_radius: blast_radius && cutTenants(blast_radius) },
  };
}

function cutTenants({ tenants, ...blast_radius }: BlastRadius): BlastRadius {
  const { rows, told } = cutLists({ tenants }, blast_radius.cut);
  return { ...blast_radius, ...rows, ...told };
}
