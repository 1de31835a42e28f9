import { hasEnded } from '../model/lookup.ts';
import type { ExitProcess } from '../model/use_command.ts';
import { endProcess } from '../mm/process_end.ts';
import type { Outcome } from '../model/outcome.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { patch, type Transaction } from '../model/transaction.ts';

/** Exit, or SIGKILL from outside: what a task stuck in the kernel does not take. */
export function exitProcess(tx: Transaction, command: ExitProcess): Outcome | Refusal {
  const process = tx.host.tables.processes.get(String(command.pid));
  if (process === undefined) return refuse('process_not_found', `there is no process ${String(command.pid)}`);
  if (hasEnded(process)) return refuse('process_ended', `process ${String(command.pid)} has ended`);
  if (process.state === 'oopsed' || process.state === 'blocked') {
    return refuse(
      'process_unavailable',
      `process ${String(command.pid)} is ${process.state} in the kernel and takes no signal: POST …/reboot ends it`,
    );
  }
  const killed = process.state === 'livelocked';
  if (killed) patch(tx, 'processes', String(command.pid), { state: 'running' });
  return endProcess(tx, command.pid, killed ? { killed_by: 'SIGKILL' } : { exit: 0 });
}
