import { handle, type Handled } from './handle.ts';
import type { CommandOf, CommandType } from './model/command.ts';
import type { Event } from './model/event.ts';
import type { Host } from './model/host.ts';
import { isRefusal, type Refusal } from './model/refusal.ts';
import { begin, rollback, type Context } from './model/transaction.ts';

/** A command that was granted, and all that it changes. */
export interface Decision<Type extends CommandType = CommandType> extends Handled<Type> {
  readonly events: readonly Event[];
}

/**
 * Decides a command: the events it causes, or why not. Leaves the host as it was. `host` is empty
 * (emptyHost()) for create_host.
 */
export function decide<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  context: Context,
): Decision<Type> | Refusal {
  const tx = begin(host, context);
  try {
    const handled = handle(tx, command);
    return isRefusal(handled) ? handled : { ...handled, events: tx.events };
  } finally {
    rollback(tx);
  }
}
