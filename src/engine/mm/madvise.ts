import { okOutcome, type Outcome } from '../model/outcome.ts';
import type { Refusal } from '../model/refusal.ts';
import { dropEntries, emit } from '../model/transaction.ts';
import { loseRefs } from './lost_refs.ts';
import { strike } from './process_end.ts';
import type { Site } from './site.ts';
import { zapEffect, zapLog } from './zap.ts';

/**
 * madvise(MADV_DONTNEED): zaps the entries of the pages, copied ones too; the next touch faults them in anew (R141, ST3).
 */
export function dontneed({ tx, mapping, process, index, nr }: Site): Outcome | Refusal {
  const effect = zapEffect(tx.host, [mapping], 'madvise_dontneed');
  if (effect.do === 'oops') return strike(tx, mapping.pid, effect);
  const kernel_log = zapLog(tx, [mapping], process.comm, index, index + nr);
  loseRefs(tx, [mapping], index, index + nr);
  dropEntries(tx, mapping.id, index, nr, true);
  emit(tx, 'entries_zapped', `mappings/${mapping.id}`, { index, nr_pages: nr });
  return okOutcome({ kernel_log });
}
