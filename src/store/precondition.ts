import type { Decision } from '../engine/decide.ts';
import type { Host } from '../engine/model/host.ts';
import { isRefusal, type Refusal } from '../engine/model/refusal.ts';
import { matchesEtag } from './etag.ts';
import type { Submission, Submitted } from './port.ts';

/** A submission that is not granted. */
type Denied = Extract<Submitted, { status: 'refused' | 'precondition_failed' }>;

/** Decides under If-Match: a record with another tag fails it, one that is not there only where nothing else refuses. */
export function decideIf(
  host: Host,
  precondition: Submission['precondition'],
  decide: () => Decision | Refusal,
): { readonly granted: Decision } | { readonly denied: Denied } {
  const named = precondition === undefined ? undefined : host.tables[precondition.kind].get(precondition.id);
  const failed = { denied: { status: 'precondition_failed' } } as const;
  if (precondition !== undefined && named !== undefined && !matchesEtag(precondition.etag, named))
    return failed;
  const decided = decide();
  if (isRefusal(decided)) return { denied: { status: 'refused', refusal: decided } };
  return precondition !== undefined && named === undefined ? failed : { granted: decided };
}
