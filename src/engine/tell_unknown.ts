import { mapRemovals } from './begun.ts';
import { refusesUntold } from './device/cxl/untold.ts';
import { untoldOf } from './commands/untold.ts';
import type { Decision, Handled } from './handle.ts';
import type { CommandOf, CommandType } from './model/command.ts';
import type { Host } from './model/host.ts';
import { isRefusal, type Refusal } from './model/refusal.ts';
import { besides } from './model/untold.ts';

/** What is granted is done only where all is told that goes with it; else it is refused with `outcome_unknown` (CX21). */
export function ifAllTold<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  decision: Decision<Type> | Refusal,
): Decision<Type> | Refusal {
  const untold = isRefusal(decision) ? null : untoldOf(host, command);
  return untold === null ? decision : refusesUntold(untold);
}

/** What is granted and not to happen, with what no listing has told beside what goes (CX21). */
export function tellUnknown<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  handled: Handled<Type>,
): Handled<Type> {
  const untold = untoldOf(host, command);
  if (untold === null) return handled;
  const unknown = besides(untold);
  const told = mapRemovals(handled.answer, (removal) => ({ ...removal, ...unknown }));
  const answer = command.type === 'remove_cxl_memdev' ? { ...(told as object), ...unknown } : told;
  return { ...handled, answer: answer as typeof told };
}
