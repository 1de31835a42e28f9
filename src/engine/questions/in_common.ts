import { dependsOn } from '../kernels/depends_on.ts';
import { inEveryWorld } from '../kernels/worlds.ts';
import { agree } from '../model/agree.ts';
import { dependOn, type Dependent } from '../model/depends_on.ts';
import type { Host } from '../model/host.ts';

/**
 * An answer of several members, of which each is told as far as it is the same in every world: a member that is not,
 * or of which not all worlds were tried, is what `otherwise` says. `depends_on` has the facts behind it.
 */
export function inCommon<Answer extends Dependent>(
  host: Host,
  answer: () => Answer,
  otherwise: (answers: readonly Answer[], areAll: boolean) => Partial<Answer>,
): Answer {
  return inEveryWorld(host, answer, (worlds) => {
    const answers = worlds.tried.map(({ outcome }) => outcome);
    const fallback = otherwise(answers, worlds.complete);
    const agreed = agree(answers);
    if (worlds.complete && agreed.conflicts.length === 0 && agreed.left_out.length === 0) return agreed.value;
    const differing = new Set(agreed.conflicts.map((pointer) => pointer.split('/')[1]));
    const untold = Object.entries(fallback).filter(([member]) => !worlds.complete || differing.has(member));
    return {
      ...agreed.value,
      ...Object.fromEntries(untold),
      ...dependOn(agreed.value, { depends_on: dependsOn(worlds) }),
    };
  });
}
