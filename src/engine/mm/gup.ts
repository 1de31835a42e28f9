import { factsOf } from '../kernels/of_host.ts';
import { errnoOutcome, okOutcome, type Outcome } from '../model/outcome.ts';
import { refuse, unknownOutcome, type Refusal } from '../model/refusal.ts';
import type { Host, Mapping } from '../model/host.ts';
import { runsFrom } from '../model/mapping_table.ts';
import { entriesOf } from '../model/transaction.ts';
import type { Errno } from '../model/vocabulary.ts';
import { faultIn } from './fault.ts';
import { served } from './load_store.ts';
import { runAt, type Site } from './site.ts';
import { isStale, registersByFault } from './stale.ts';

/** get_user_pages() of pages that a pgmap serves: each is faulted in and its page taken (C2, R164). */
export function gup(site: Site, errno: Errno): Outcome | Refusal {
  const { failure } = faultIn(site.tx, site.mapping, site, false);
  if (failure === null) return ofZeroPage(site.tx.host, site.mapping, site) ?? okOutcome(served(site));
  return failure.why === 'refused' ? failure.refusal : errnoOutcome(errno);
}

/** The zero page is no page of the device: what gup makes of it is refused; null where none of the pages is. */
export function ofZeroPage(
  host: Host,
  { id }: Mapping,
  { index, nr }: { readonly index: number; readonly nr: number },
): Refusal | null {
  for (const run of runsFrom(entriesOf(host, id), index)) {
    if (run.index >= index + nr) break;
    if (run.kind === 'zero')
      return unknownOutcome(
        'gup of the zero page of a hole is neither recorded nor in the sources read (S30)',
      );
  }
  return null;
}

/**
 * IORING_REGISTER_BUFFERS: a FOLL_LONGTERM | FOLL_WRITE pin, given back at once here (POST …/pins keeps one).
 * Source: io_uring/rsrc.c io_pin_pages(), mm/gup.c check_vma_flags(); R112, R113, R134.
 */
export function registerBuffers(site: Site): Outcome | Refusal {
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
    if (failure?.why === 'blocked')
      return refuse('not_modelled', 'a fault of io_uring that waits for a thaw');
    return failure === null ? errnoOutcome('EOPNOTSUPP') : errnoOutcome('EFAULT', { stale: true });
  }
  return errnoOutcome('EOPNOTSUPP', { stale });
}
