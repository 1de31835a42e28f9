import { beginForeseen } from './begin_foreseen.ts';
import { beginsRemovals } from './begun.ts';
import { isProfile } from './kernels/of_host.ts';
import { effectsByEvents, effectsOf } from './effect.ts';
import { decideOnce, record, type Decision } from './handle.ts';
import { ifAllTold } from './if_all_told.ts';
import { dependsOn } from './kernels/depends_on.ts';
import { ifKnown } from './kernels/unsettled.ts';
import { orRefused } from './kernels/not_resolved.ts';
import { inEveryWorld, type Worlds } from './kernels/worlds.ts';
import type { CommandOf, CommandType } from './model/command.ts';
import type { Host } from './model/host.ts';
import type { Refusal } from './model/refusal.ts';
import { replayed } from './model/replayed.ts';
import type { Context } from './model/transaction.ts';
import { restUndetermined } from './removal/undetermined.ts';
import { settle, undetermined } from './settle.ts';
import { tellDependent } from './tell_dependent.ts';

/**
 * Decides a command: the events it causes, or why not. Leaves the host as it was. `host` is empty
 * (emptyHost()) for create_host. Refused with `undetermined` where that depends on facts that are not known of the
 * host's kernel, with `outcome_unknown` where nobody has told all that goes with it (CX21), and where nothing is known of
 * that kernel (KREL8); a removal whose next step does rests before it (UNK5), and one whose end does is not begun (UNK11).
 */
export function decide<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  context: Context,
): Decision<Type> | Refusal {
  return orRefused(() => {
    const begun = mayBegin(host, command) ? beginForeseen(host, command, context) : null;
    if (begun !== null) return ifAllTold(host, command, begun);
    const again = replayed(context);
    const decision = inEveryWorld(
      host,
      () => decideOnce(host, command, again()),
      (worlds) => reconcile(host, command, again(), worlds),
    );
    return ifAllTold(host, command, decision);
  });
}

/**
 * Decides a command in one run, as decide() does; null where that takes more than one: where it reads a fact that is
 * not known of the host's kernel, or begins a removal on a kernel of which not all are. Leaves the host as it was.
 */
export function decideAtOnce<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  context: Context,
): Decision<Type> | Refusal | null {
  if (mayBegin(host, command)) return null;
  const decision = ifKnown(() => decideOnce(host, command, context));
  return decision === null ? null : ifAllTold(host, command, decision);
}

/** Whether it begins removals on a kernel of which not every fact is known. */
function mayBegin(host: Host, command: { readonly type: CommandType }): boolean {
  return beginsRemovals(command) && host.tables.hosts.size > 0 && !isProfile(host);
}

function reconcile<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  context: Context,
  worlds: Worlds<Decision<Type> | Refusal>,
): Decision<Type> | Refusal {
  const settled = settle(worlds);
  const { one } = settled;
  if (one !== null) return tellDependent(one, settled, effectsOf(worlds));
  const depends_on = dependsOn(effectsByEvents(worlds));
  const refusal = undetermined(depends_on);
  if (command.type !== 'advance_removal') return refusal;
  const { removal } = command as unknown as CommandOf<'advance_removal'>;
  return record<CommandType>(host, context, (tx) => {
    return { answer: restUndetermined(tx, removal, depends_on), exposures: [] };
  }) as Decision<Type> | Refusal;
}
