import type { OopsEffect } from '../kernels/effect.ts';
import { errnoOutcome, okOutcome, oopsOutcome, type Outcome } from '../model/outcome.ts';
import { isRefusal, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { lockMm } from './mm_locked.ts';
import { livelock, recordOops, strike } from './process_end.ts';
import { clipRun } from '../model/mapping_table.ts';
import type { MappingVerb } from '../model/vocabulary.ts';
import { runAt, type Site } from './site.ts';
import { staleEffect, type StaleEffect } from './stale.ts';

/**
 * What who asks gets of a stale entry at the first page it comes to; null where it goes on, to what serves that page.
 * Refused: `outcome_unknown`.
 */
export function staleInTheWay(site: Site, verb: MappingVerb): Outcome | Refusal | null {
  const { tx, mapping, index, nr } = site;
  const met = runAt(site);
  if (met === null) return null;
  const effect = staleEffect(tx.host, mapping, clipRun(met, index, index + nr)!, verb);
  return effect.do === 'ok' ? null : staleOutcome(site, effect);
}

/** What a walker that meets a stale entry gets, by its effect. Refused: `outcome_unknown`. */
function staleOutcome(site: Site, effect: Exclude<StaleEffect, { do: 'ok' }>): Outcome | Refusal {
  switch (effect.do) {
    case 'unknown':
      return unknownOutcome(effect.why);
    case 'errno':
      return errnoOutcome(effect.errno, { stale: true });
    case 'livelock':
      return spins(site);
    case 'oops':
      return struck(site, effect);
  }
}

/** R132, R133: the process that looks is the one that spins; the process whose memory it reads is untouched. */
function spins({ tx, mapping, caller }: Site): Outcome {
  if (caller === 'self') return okOutcome({ ...livelock(tx, mapping.pid), livelocked: 'process' });
  const where = livelock(tx, caller === null ? null : caller.pid);
  return okOutcome({ ...where, stale: true, livelocked: 'caller' });
}

/** Whose task it is, seen from the process that was looked into. */
const SEEN_FROM_OUTSIDE = { process: 'caller', caller: 'caller', worker: 'worker' } as const;

/**
 * R131, R133: the oops strikes the process that looks. Its pins go with it: where the outcome of that is not known,
 * neither is this. The process that it looked into is left with its locks (LK5).
 */
function struck({ tx, mapping, caller }: Site, effect: OopsEffect): Outcome | Refusal {
  if (caller === 'self') return strike(tx, mapping.pid, effect);
  lockMm(tx, mapping.pid);
  if (caller === null) {
    recordOops(tx, effect.at, effect.never_ends);
    return oopsOutcome(effect.at, 'caller', { stale: true });
  }
  const ended = strike(tx, caller.pid, effect);
  if (isRefusal(ended)) return ended;
  const { kernel_oopses, kernel_log } = ended;
  const named = kernel_oopses.map(({ at, task }) => ({ at, task: SEEN_FROM_OUTSIDE[task] }));
  return okOutcome({ result: 'kernel_oops', stale: true, kernel_oopses: named, kernel_log });
}
