import type { Munmap } from '../model/use_command.ts';
import { withExit } from '../mm/exit_walk.ts';
import { loseRefs } from '../mm/lost_refs.ts';
import { findMapper } from '../mm/mm_locked.ts';
import { putBy, strike, withLog } from '../mm/process_end.ts';
import { zapEffect, zapLog } from '../mm/zap.ts';
import { findMapping, pinsOfPid } from '../model/lookup.ts';
import type { Outcome } from '../model/outcome.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { put, remove, emit, type Transaction } from '../model/transaction.ts';

/** munmap(2): zaps the entries; pins stay (R122). */
export function munmap(tx: Transaction, command: Munmap): Outcome | Refusal {
  const mapping = findMapping(tx.host, command.mapping);
  if (isRefusal(mapping)) return mapping;
  const process = findMapper(tx.host, mapping.pid);
  if (isRefusal(process)) return process;
  const effect = zapEffect(tx.host, [mapping], 'munmap');
  if (effect.do === 'oops') return strike(tx, mapping.pid, withExit(tx.host, effect, mapping, null));
  for (const pin of pinsOfPid(tx.host, mapping.pid)) {
    if (pin.mapping === mapping.id) put(tx, 'pins', pin.id, { ...pin, mapping: null });
  }
  const kernel_log = zapLog(tx, [mapping], process.comm);
  loseRefs(tx, [mapping]);
  remove(tx, 'mappings', mapping.id);
  emit(tx, 'mapping_deleted', `mappings/${mapping.id}`, { pid: mapping.pid });
  return withLog(kernel_log, putBy(tx, mapping.pid, mapping));
}
