import { asItStands } from './begun.ts';
import { handle, type Handled } from './handle.ts';
import type { CommandOf, CommandType } from './model/command.ts';
import type { Host } from './model/host.ts';
import { isRefusal, type Refusal } from './model/refusal.ts';
import type { RemovalRecord } from './model/removal.ts';
import { begin, rollback, type Context, type Transaction } from './model/transaction.ts';

/**
 * Decides a command that is not to happen: what it would answer in the end. Removals that it begins are run to rest:
 * completed, stuck, or waiting for somebody else; one that begins none is answered as decide() answers it. Leaves the
 * host as it was.
 *
 * Each step is a command of its own, as the executor submits it, all running removals taking turns: who is woken and
 * which windows open in between is the same.
 */
export function foresee<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  context: Context,
): Handled<Type> | Refusal {
  const played: Transaction[] = [];
  const play = <Each extends CommandType>(next: CommandOf<Each>): Handled<Each> | Refusal => {
    const tx = begin(host, context);
    played.push(tx);
    return handle(tx, next);
  };
  const { removals } = host.tables;
  const before = removals.size;
  try {
    const begun = play(command);
    if (isRefusal(begun) || removals.size === before) return begun;
    for (let due = running(host); due.length > 0; due = running(host)) {
      for (const { id } of due) play({ type: 'advance_removal', removal: id });
    }
    const type: Type = command.type;
    return { ...begun, answer: asItStands(host, type, begun.answer) };
  } finally {
    for (const tx of played.reverse()) rollback(tx);
  }
}

function running(host: Host): RemovalRecord[] {
  return host.tables.removals.where(({ state }) => state === 'running');
}
