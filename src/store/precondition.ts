import type { Host } from '../engine/model/host.ts';
import { isRefusal, type Refusal } from '../engine/model/refusal.ts';
import type { NotDone, Submission } from './port.ts';
import type { RecordState } from './state.ts';

/**
 * Decides under If-Match: a record in another state fails it, one that is not there only where nothing else refuses.
 * One that is to be absent fails it where it exists. Null is no decision yet, and fails nothing.
 */
export function decideIf<Decided>(
  host: Host,
  precondition: Submission['precondition'],
  decide: () => Decided | Refusal,
): { readonly granted: Decided } | { readonly denied: NotDone } {
  const named = precondition === undefined ? undefined : host.tables[precondition.kind].get(precondition.id);
  const { states, absent } = precondition ?? {};
  const failed = { denied: { status: 'precondition_failed' } } as const;
  if (states !== undefined && named !== undefined && !isIn(states, named)) return failed;
  if (absent === true && named !== undefined) return { denied: { ...failed.denied, exists: true } };
  const decided = decide();
  if (isRefusal(decided)) return { denied: { status: 'refused', refusal: decided } };
  const isMissing = states !== undefined && named === undefined;
  return isMissing && decided !== null ? failed : { granted: decided };
}

/** Whether a record is in one of these states. */
export function isIn(states: '*' | readonly RecordState[], record: RecordState): boolean {
  return (
    states === '*' || states.some(({ uid, revision }) => uid === record.uid && revision === record.revision)
  );
}
