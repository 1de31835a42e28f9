import { isRefusal } from '../../engine/model/refusal.ts';
import type { Connection } from '../connection.ts';
import type { Submitted } from '../port.ts';
import { isIn } from '../precondition.ts';
import type { ServiceCommand, ServiceKind } from '../../service/command.ts';
import type { AnyHandler, ServiceContext } from './context.ts';
import { prepareClocks } from './clocks.ts';
import { prepareDeliveries } from './deliveries.ts';
import { prepareFaultRules } from './fault_rules.ts';
import type { ServiceSubmission } from './port.ts';
import { prepareTakeEvents } from './take_events.ts';
import { prepareWebhooks, prepareWebhookTable } from './webhooks.ts';

/** Does commands that are of no host, in the transaction that is open. */
export interface ServiceExecutor {
  readonly carryOut: (submission: ServiceSubmission, at: string) => Submitted;
  /** The kinds of which something has changed since it was asked last; null where nothing was written. */
  readonly changed: () => readonly ServiceKind[] | null;
}

/** Where they are done. */
interface ExecutorOptions {
  readonly db: Connection;
  readonly uid: () => string;
  readonly seq: () => number;
}

/** Prepares doing them: If-Match before, and a dry run taken back behind. */
export function prepareService({ db, uid, seq }: ExecutorOptions): ServiceExecutor {
  const handlers = prepareHandlers(db);
  const savepoint = db.prepare('SAVEPOINT dry_run');
  const rollback = db.prepare('ROLLBACK TO dry_run');
  const release = db.prepare('RELEASE dry_run');
  const changes = db.prepare<[], number>('SELECT total_changes()').pluck();
  const kinds = new Set<ServiceKind>();
  let isWritten = false;
  const run = (submission: ServiceSubmission, at: string): Submitted => {
    const context: ServiceContext = {
      now_ms: Date.parse(at),
      uid,
      seq: seq(),
      changed: (kind) => {
        if (submission.dry_run !== true) kinds.add(kind);
      },
    };
    return answerOf(handlers[submission.command.type], submission, context);
  };
  return {
    carryOut: (submission, at) => {
      if (submission.dry_run !== true) {
        const before = changes.get();
        const submitted = run(submission, at);
        isWritten ||= changes.get() !== before;
        return submitted;
      }
      savepoint.run();
      const submitted = run(submission, at);
      rollback.run();
      release.run();
      return submitted;
    },
    changed: () => {
      const changed = isWritten ? [...kinds] : null;
      kinds.clear();
      isWritten = false;
      return changed;
    },
  };
}

function prepareHandlers(db: Connection): Readonly<Record<ServiceCommand['type'], AnyHandler>> {
  const table = prepareWebhookTable(db);
  return {
    ...prepareWebhooks(db, table),
    ...prepareDeliveries(db, table),
    ...prepareFaultRules(db),
    ...prepareClocks(db),
    take_events: prepareTakeEvents(db, table),
  };
}

/** As decideIf() of a host's record: one in another state fails the precondition, one that is not there after all else. */
function answerOf(
  { handle, target }: AnyHandler,
  { command, precondition }: ServiceSubmission,
  context: ServiceContext,
): Submitted {
  const named = precondition === undefined ? null : (target?.(command as never) ?? null);
  if (precondition !== undefined && named !== null && !isIn(precondition.states, named))
    return { status: 'precondition_failed' };
  const answer = handle(command as never, context);
  if (isRefusal(answer)) return { status: 'refused', refusal: answer };
  return { status: 'done', answer, exposures: [], replayed: false, seq: context.seq };
}
