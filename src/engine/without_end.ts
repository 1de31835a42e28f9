import { mapRemovals, removalsIn } from './begun.ts';
import { decideOnce, type Decision, type Handled } from './handle.ts';
import { inEveryWorld, type Worlds } from './kernels/worlds.ts';
import { agree } from './model/agree.ts';
import type { CommandOf, CommandType } from './model/command.ts';
import type { DependsOn } from './model/depends_on.ts';
import type { Host } from './model/host.ts';
import { isRefusal, type Refusal } from './model/refusal.ts';
import type { RemovalRecord } from './model/removal.ts';
import type { Context } from './model/transaction.ts';
import { settle, undetermined } from './settle.ts';

/**
 * What a command answers whose removals end in more than one way (UNK6): each as it begins, `undetermined`, with the
 * verdict and the hazards that it has in any case. Refused where it would not even begin in every world.
 */
export function withoutEnd<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  again: () => Context,
  ended: Worlds<Handled<Type> | Refusal>,
  depends_on: readonly DependsOn[],
): Handled<Type> | Refusal {
  const begun = beginInEveryWorld(host, command, again);
  if (isRefusal(begun)) return begun;
  const ends = ended.tried.map(({ outcome }) => (isRefusal(outcome) ? [] : removalsIn(outcome.answer)));
  const answer = mapRemovals(begun.answer, (removal) => {
    const each = ends.flatMap((removals) => removals.filter(({ id }) => id === removal.id));
    return { ...removal, state: 'undetermined', ...inAnyCase(each, ended.complete), depends_on };
  });
  return { answer, exposures: begun.exposures };
}

function beginInEveryWorld<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  again: () => Context,
): Decision<Type> | Refusal {
  return inEveryWorld(
    host,
    () => decideOnce(host, command, again()),
    (worlds) => {
      const { one, depends_on } = settle(worlds);
      return one ?? undetermined(depends_on);
    },
  );
}

function inAnyCase(
  ends: readonly RemovalRecord[],
  areAll: boolean,
): Pick<RemovalRecord, 'verdict' | 'hazards'> {
  if (!areAll) return { verdict: 'undetermined', hazards: [] };
  const verdicts = new Set(ends.map(({ verdict }) => verdict));
  const [verdict] = verdicts.size === 1 ? verdicts : ['undetermined' as const];
  const { hazards } = agree(ends.map(({ hazards: found }) => ({ hazards: found }))).value;
  return { verdict: verdict!, hazards };
}
