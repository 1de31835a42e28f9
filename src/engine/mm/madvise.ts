import { okOutcome, type Outcome } from '../model/outcome.ts';
import type { Refusal } from '../model/refusal.ts';
import { dropEntries, emit } from '../model/transaction.ts';
import { loseRefs } from './lost_refs.ts';
import { strike } from './process_end.ts';
import type { Site } from './site.ts';
import { zapEffect, zapLog } from './zap.ts';

/**
 * madvise(MADV_DONTNEED): zaps the entries of the pages, copied ones too, and meets no other of the mapping; the next
 * touch faults them in anew (R141, ST2, ST3).
 */
export function dontneed({ tx, mapping, process, index, nr }: Site): Outcome | Refusal {
  const end = index + nr;
  const effect = zapEffect(tx.host, [mapping], 'madvise_dontneed', index, end);
  if (effect.do === 'oops') return strike(tx, mapping.pid, effect);
  const kernel_log = zapLog(tx, [mapping], process.comm, index, end);
  loseRefs(tx, [mapping], index, end);
  dropEntries(tx, mapping.id, index, nr, true);
  emit(tx, 'entries_zapped', `mappings/${mapping.id}`, { index, nr_pages: nr });
  return okOutcome({ kernel_log });
}
