import { loseRefsOfPins } from '../mm/lost_refs.ts';
import { releasedBeside, releaseOf } from '../mm/pin_release.ts';
import type { Unpin } from '../model/use_command.ts';
import { strike, recordOops } from '../mm/process_end.ts';
import { findActor } from '../model/lookup.ts';
import type { Outcome } from '../model/outcome.ts';
import { refuse, isRefusal, type Refusal } from '../model/refusal.ts';
import { remove, emit, type Transaction } from '../model/transaction.ts';

/** Releases a pin; after a removal that did not wait for it the kernel oopses in whoever releases (R123-R126). */
export function unpin(tx: Transaction, command: Unpin): Outcome | Refusal {
  const pin = tx.host.tables.pins.get(command.pin);
  if (pin === undefined) return refuse('pin_not_found', `there is no pin ${command.pin}`);
  const process = findActor(tx.host, pin.pid);
  if (isRefusal(process)) return process;
  const release = releaseOf(tx.host, pin, 'unpin');
  if (isRefusal(release)) return release;
  const { effect, worker_oopses } = release;
  remove(tx, 'pins', pin.id);
  emit(tx, 'pin_deleted', `pins/${pin.id}`, { pid: pin.pid });
  if (effect.do === 'oops') return strike(tx, pin.pid, effect);
  loseRefsOfPins(tx, [pin]);
  for (const oops of worker_oopses) recordOops(tx, oops.at);
  return releasedBeside(worker_oopses);
}
