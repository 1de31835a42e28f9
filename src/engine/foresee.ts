import { asItStands, beginsRemovals } from './begun.ts';
import { effectsByEvents, effectsOf } from './effect.ts';
import { handle, type Decision, type Handled } from './handle.ts';
import { ifAllTold } from './if_all_told.ts';
import { dependsOn } from './kernels/depends_on.ts';
import { orRefused } from './kernels/not_resolved.ts';
import { inEveryWorld, type Worlds } from './kernels/worlds.ts';
import type { CommandOf, CommandType } from './model/command.ts';
import type { Host } from './model/host.ts';
import { removalsNotCompleted } from './model/lookup.ts';
import { isRefusal, type Refusal } from './model/refusal.ts';
import type { RemovalRecord } from './model/removal.ts';
import { replayed } from './model/replayed.ts';
import { begin, rollback, type Context, type Transaction } from './model/transaction.ts';
import { settle, undetermined } from './settle.ts';
import { tellDependent } from './tell_dependent.ts';

/**
 * Decides a command that is not to happen: what it would answer in the end. Removals that it begins are run to rest:
 * completed, stuck, or waiting for somebody else; one that begins none is answered as decide() answers it. Leaves the
 * host as it was. Refused as decide() refuses: with `undetermined` where that depends on facts that are not known of the
 * host's kernel (UNK6), with `outcome_unknown` where nobody has told all that goes with it (CX21), and where nothing is
 * known of that kernel (KREL8).
 */
export function foresee<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  context: Context,
): Handled<Type> | Refusal {
  const again = replayed(context);
  const reconcile = (worlds: Worlds<Decision<Type> | Refusal>): Handled<Type> | Refusal => {
    const effects = effectsOf(worlds);
    const begins = beginsRemovals(command);
    const settled = begins ? settle(effects) : settle(worlds);
    const { one, depends_on } = settled;
    if (one !== null) return tellDependent(one, settled, effects);
    // As decide() says it of what begins none.
    return undetermined(begins ? depends_on : dependsOn(effectsByEvents(worlds)));
  };
  const play = () => inEveryWorld(host, () => playToRest(host, command, again()), reconcile);
  return ifAllTold(host, command, orRefused(play));
}

/**
 * Plays a command and the removals that it begins, in the world that is assumed. Each step is a command of its own, as
 * the executor submits it, all running removals taking turns: who is woken and which windows open in between is the
 * same.
 */
export function playToRest<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  context: Context,
): Decision<Type> | Refusal {
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
    if (isRefusal(begun)) return begun;
    const type: Type = command.type;
    let { answer } = begun;
    if (removals.size > before) {
      for (let due = running(host); due.length > 0; due = running(host)) {
        for (const { id } of due) play({ type: 'advance_removal', removal: id });
      }
      answer = asItStands(host, type, answer);
    }
    return { ...begun, answer, events: played.flatMap(({ events }) => events) };
  } finally {
    for (const tx of played.reverse()) rollback(tx);
  }
}

/** Removals whose next step runs by itself. */
export function running(host: Host): RemovalRecord[] {
  return removalsNotCompleted(host).filter(({ state }) => state === 'running');
}
