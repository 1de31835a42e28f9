import { mapRemovals, removalsIn } from './begun.ts';
import { decideOnce, type Handled } from './handle.ts';
import { inEveryWorld, type Worlds } from './kernels/worlds.ts';
import { agree } from './model/agree.ts';
import type { CommandOf, CommandType } from './model/command.ts';
import type { DependsOn } from './model/depends_on.ts';
import type { Host } from './model/host.ts';
import { isRefusal, type Refusal } from './model/refusal.ts';
import type { RemovalRecord } from './model/removal.ts';
import type { Context } from './model/transaction.ts';

/**
 * What a command answers whose removals end in more than one way (UNK6): each as it begins, `undetermined`, with the
 * steps, the verdict and the hazards that it has wherever it begins.
 */
export function withoutEnd<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  again: () => Context,
  ended: Worlds<Handled<Type> | Refusal>,
  depends_on: readonly DependsOn[],
): Handled<Type> {
  const begun = inEveryWorld(
    host,
    () => [decideOnce(host, command, again())],
    ({ tried }) => tried.flatMap(({ outcome }) => outcome),
  );
  const [first, ...others] = granted(begun);
  const ends = granted(ended.tried.map(({ outcome }) => outcome));
  const answer = mapRemovals(first!.answer, (removal) => ({
    ...removal,
    state: 'undetermined',
    ...inAnyCase(sameIn(ends, removal), ended.complete),
    steps: stepsOf([removal, ...sameIn(others, removal)]),
    depends_on,
  }));
  return { answer, exposures: first!.exposures };
}

/** Of several worlds those in which it begins: in some at least, else it were refused. */
function granted<Done>(outcomes: readonly (Done | Refusal)[]): readonly Done[] {
  return outcomes.filter((outcome): outcome is Done => !isRefusal(outcome));
}

function sameIn(answers: readonly Handled<CommandType>[], { id }: RemovalRecord): RemovalRecord[] {
  return answers.flatMap(({ answer }) => removalsIn(answer).filter((removal) => removal.id === id));
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

/** The steps that it has in any case, none of them done. */
function stepsOf(begun: readonly RemovalRecord[]): RemovalRecord['steps'] {
  const each = begun.map(({ steps }) => ({
    steps: steps.map((step) => ({ ...step, state: 'done' as const })),
  }));
  return agree(each).value.steps.map((step) => ({ ...step, state: 'pending' }));
}
