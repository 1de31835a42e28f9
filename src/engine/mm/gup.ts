import { factsOf } from '../kernels/of_host.ts';
import { errnoOutcome, okOutcome, type Outcome } from '../model/outcome.ts';
import type { Refusal } from '../model/refusal.ts';
import type { Errno } from '../model/vocabulary.ts';
import { faultIn } from './fault.ts';
import { served } from './load_store.ts';
import { runAt, type Site } from './site.ts';
import { isStale, registersByFault } from './stale.ts';

/** get_user_pages() of pages that a pgmap serves: each is faulted in and its page taken (C2, R164). */
export function gup(site: Site, errno: Errno): Outcome | Refusal {
  const { failure } = faultIn(site.tx, site.mapping, site, false);
  if (failure === null) return okOutcome(served(site));
  return failure.why === 'refused' ? failure.refusal : errnoOutcome(errno);
}

/**
 * IORING_REGISTER_BUFFERS: a FOLL_LONGTERM | FOLL_WRITE pin, given back at once here (POST …/pins keeps one).
 * Source: io_uring/rsrc.c io_pin_pages(), mm/gup.c check_vma_flags(); R112, R113, R134.
 */
export function registerBuffers(site: Site): Outcome {
  const { tx, mapping, device } = site;
  const facts = factsOf(tx.host);
  if (mapping.prot === 'r') return errnoOutcome('EFAULT');
  if (mapping.file === null && device.mode === 'devdax') {
    if (facts.io_uring_longterm_on_devdax === 'EOPNOTSUPP') return errnoOutcome('EOPNOTSUPP');
    const { failure } = faultIn(tx, mapping, site, true);
    return failure === null ? okOutcome(served(site)) : errnoOutcome('EFAULT');
  }
  const run = runAt(site);
  const stale = run !== null && isStale(device, run);
  if (stale && registersByFault(facts)) {
    const { failure } = faultIn(tx, mapping, site, true);
    return failure === null ? errnoOutcome('EOPNOTSUPP') : errnoOutcome('EFAULT', { stale: true });
  }
  return errnoOutcome('EOPNOTSUPP', { stale });
}
