import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply } from '../../src/engine/model/apply.ts';
import type { AnswerTo } from '../../src/engine/answer.ts';
import type { CommandOf, CommandType } from '../../src/engine/model/command.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Host } from '../../src/engine/model/host.ts';
import { isRefusal, type Refusal } from '../../src/engine/model/refusal.ts';
import { asItStands, beginsRemovals } from '../../src/engine/begun.ts';
import type { Context } from '../../src/engine/model/transaction.ts';
import { foresee } from '../../src/engine/foresee.ts';
import { copyHost } from './copy_host.ts';
import { anyStory, play } from './fleet.ts';
import { stateHash } from './fleet/state.ts';
import { steadyContext } from './support.ts';
import { cases } from '../support/property.ts';

/** Does it, as the writer and the executor do: a command a step, each stored before the next. */
function act<Type extends CommandType>(
  host: Host,
  command: CommandOf<Type>,
  context: Context,
): AnswerTo<Type> | Refusal {
  const decision = decide(host, command, context);
  if (isRefusal(decision)) return decision;
  for (const event of decision.events) apply(host, event);
  return decision.answer;
}

function runningOn(host: Host): string[] {
  return [...host.tables.removals.values()].filter(({ state }) => state === 'running').map(({ id }) => id);
}

/** What a client reads of the same answer once nothing moves any more. */
function atRest<Type extends CommandType>(
  host: Host,
  type: Type,
  answer: AnswerTo<Type>,
  context: Context,
): AnswerTo<Type> {
  for (let due = runningOn(host); due.length > 0; due = runningOn(host)) {
    for (const removal of due) act(host, { type: 'advance_removal', removal }, context);
  }
  return asItStands(host, type, answer);
}

test('[WI3] a dry run of a removal is the removal at rest, whoever begins it, on any host', () => {
  const seen = new Map<string, number>();
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(anyStory, (story) => {
      play(
        story,
        () => undefined,
        ({ host }, command) => {
          if (!beginsRemovals(command)) return;
          const before = stateHash(host);
          const copy = copyHost(host);
          const dry = foresee(host, command, steadyContext('dry'));
          expect(stateHash(host)).toBe(before);
          const context = steadyContext('dry');
          const answer = act(copy, command, context);
          if (isRefusal(dry) || isRefusal(answer)) {
            expect(dry).toEqual(answer);
            return;
          }
          const begun = copy.tables.removals.size - host.tables.removals.size;
          if (begun === 0) {
            expect(dry.answer).toEqual(answer);
            return;
          }
          expect(dry.answer).toEqual(atRest(copy, command.type, answer, context));
          const ended = [...copy.tables.removals.values()].slice(-begun);
          for (const { state } of ended) note(`${command.type} ${state}`);
        },
      );
    }),
    cases(300),
  );
  for (const what of [
    'remove_dax_device completed',
    'remove_dax_device waiting',
    'record_hotplug_event completed',
    'remove_cxl_memdev completed',
  ])
    expect([what, (seen.get(what) ?? 0) > 0]).toEqual([what, true]);
});
