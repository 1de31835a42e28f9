import { factsOf } from '../kernels/of_host.ts';
import { touch } from '../mm/fault.ts';
import type { Failure } from '../mm/fault_walk.ts';
import { registerBuffers } from '../mm/gup.ts';
import { runAt, type Site } from '../mm/site.ts';
import { isStale, registersByFault, staleEffect } from '../mm/stale.ts';
import { staleInTheWay } from '../mm/stale_outcome.ts';
import { clipRun, runsFrom } from '../model/mapping_table.ts';
import type { Outcome } from '../model/outcome.ts';
import { isRefusal, kernelRefuses, refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import { entriesOf } from '../model/transaction.ts';
import type { PinHolder } from '../model/vocabulary.ts';

/** The pages of a pin from the first one on that lies behind a stale entry which gup does not just take; or null. */
function staleFrom(site: Site): Site | null {
  const { tx, mapping, index, nr } = site;
  for (const run of runsFrom(entriesOf(tx.host, mapping.id), index)) {
    const part = clipRun(run, index, index + nr);
    if (part === null) break;
    if (staleEffect(tx.host, mapping, part, 'vmsplice').do !== 'ok')
      return { ...site, index: part.index, nr: index + nr - part.index };
  }
  return null;
}

/**
 * What a transient pin meets at stale entries; null where gup takes all of its pages. Which of its ways gup goes is
 * known of vmsplice and O_DIRECT: the other holders take the pages where there are struct pages again (R164).
 */
export function pinOfStale(site: Site, holder: PinHolder): Outcome | Refusal | null {
  const stale = staleFrom(site);
  if (stale === null) return null;
  const ahead = stale.index - site.index;
  if (ahead > 0) {
    const { failure } = touch(site.tx, site.mapping, site.index, ahead, false);
    return failure === null
      ? refuse('not_modelled', 'gup that takes pages ahead of a stale entry, and meets it then')
      : notFaultedIn(failure);
  }
  if (holder === 'vmsplice' || holder === 'direct_io') return notTaken(stale, holder);
  return unknownOutcome(`which way gup goes for ${holder} to a stale entry is not in the sources read`);
}

/** A page of a pin that no fault brings: EFAULT, where what the fault does is known. */
export function notFaultedIn(failure: Failure): Refusal {
  if (failure.why === 'refused') return failure.refusal;
  return kernelRefuses('EFAULT', 'a page cannot be faulted in');
}

/** An errno is told as that of any pin that the kernel refuses. */
function notTaken(stale: Site, holder: 'vmsplice' | 'direct_io'): Outcome | Refusal {
  const met = staleInTheWay(stale, holder)!;
  if (isRefusal(met) || met.result !== 'errno') return met;
  return kernelRefuses(met.errno!, 'gup finds no page behind a stale entry');
}

/**
 * FOLL_LONGTERM of a file with DAX is refused before anything is looked at, or once a fault for writing has been served:
 * what that meets at a stale entry is recorded of io_uring (R134). Null where the entry is not stale.
 */
export function longtermOfStale(site: Site, holder: PinHolder): Outcome | Refusal | null {
  const run = runAt(site);
  const stale = run !== null && isStale(site.device, run);
  if (!stale || !registersByFault(factsOf(site.tx.host))) return null;
  if (holder === 'io_uring') return registerBuffers(site);
  return unknownOutcome(`what a longterm pin of ${holder} meets at a stale entry is not in the sources read`);
}
