import type { Answer } from './answer.ts';
import type { Command } from './model/command.ts';
import type { Event } from './model/event.ts';
import type { Host } from './model/host.ts';
import type { Refusal } from './model/refusal.ts';
import { begin, rollback, type Context, type Transaction } from './model/transaction.ts';
import { handle } from './handle.ts';
import { isRefusal } from './model/refusal.ts';

export interface Decision {
  readonly events: readonly Event[];
  readonly answer: Answer;
}

/**
 * Decides a command: the events it causes, or why not. Leaves the host as it was. `host` is empty
 * (emptyHost()) for create_host.
 */
export function decide(host: Host, command: Command, context: Context): Decision | Refusal {
  const tx: Transaction = begin(host, context);
  try {
    const answer = handle(tx, command);
    return isRefusal(answer) ? answer : { events: tx.events, answer };
  } finally {
    rollback(tx);
  }
}
