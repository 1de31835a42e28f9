import { refusesUntold } from './device/cxl/untold.ts';
import { untoldOf } from './commands/untold.ts';
import type { CommandOf, CommandType } from './model/command.ts';
import type { Host } from './model/host.ts';
import { isRefusal, type Refusal } from './model/refusal.ts';

/**
 * What is granted is done, or foreseen, only where all is told that goes with it; else it is refused with
 * `outcome_unknown` (CX21).
 */
export function ifAllTold<Type extends CommandType, Granted extends object>(
  host: Host,
  command: CommandOf<Type>,
  granted: Granted | Refusal,
): Granted | Refusal {
  const untold = isRefusal(granted) ? null : untoldOf(host, command);
  return untold === null ? granted : refusesUntold(untold);
}
