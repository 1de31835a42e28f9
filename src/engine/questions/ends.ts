import { processOf } from '../model/lookup.ts';
import type { Outcome } from '../model/outcome.ts';
import type { HolderEnd } from './record.ts';
import { isRefusal, type Refusal } from '../model/refusal.ts';
import { munmap } from '../commands/munmap.ts';
import { unpin } from '../commands/unpin.ts';
import { exitProcess } from '../commands/exit_process.ts';
import type { Transaction } from '../model/transaction.ts';
import { inCommon } from './in_common.ts';
import type { Use } from './consequence.ts';
import { whatIf } from './what_if.ts';
import { words } from './words.ts';

/** How residue (a process, a pin, else a mapping) can be ended now, each way acted out. */
export function endsOf(tx: Transaction, { kind, id, pid }: Use): HolderEnd[] {
  if (kind === 'process') return endsOfProcess(tx, pid!);
  if (kind === 'pin') return [endBy(tx, 'unpin', (imagined) => unpin(imagined, { type: 'unpin', pin: id }))];
  return [endBy(tx, 'munmap', (imagined) => munmap(imagined, { type: 'munmap', mapping: id }))];
}

/** A task that spins or sleeps in the kernel does not exit by itself. */
function endsOfProcess(tx: Transaction, pid: number): HolderEnd[] {
  const killed = endBy(tx, 'SIGKILL', (imagined) => exitProcess(imagined, { type: 'exit_process', pid }));
  const { state } = processOf(tx.host, pid);
  return state === 'running' ? [{ ...killed, by: 'exit' }, killed] : [killed];
}

/** Acts it out; where that comes to more than one outcome, its detail has all of them. */
function endBy(
  tx: Transaction,
  by: HolderEnd['by'],
  act: (imagined: Transaction) => Outcome | Refusal,
): HolderEnd {
  return inCommon<HolderEnd>(
    tx.host,
    () => told(by, whatIf(tx, act)),
    () => ({ result: null, kernel_oopses: [] }),
  );
}

function told(by: HolderEnd['by'], outcome: Outcome | Refusal): HolderEnd {
  if (isRefusal(outcome)) return { by, result: null, kernel_oopses: [], detail: outcome.detail };
  const { result, kernel_oopses } = outcome;
  return { by, result, kernel_oopses, detail: words(outcome) };
}
