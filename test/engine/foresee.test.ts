import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply } from '../../src/engine/model/apply.ts';
import type { Answer } from '../../src/engine/answer.ts';
import type { Command } from '../../src/engine/model/command.ts';
import { decide } from '../../src/engine/decide.ts';
import type { Host } from '../../src/engine/model/host.ts';
import { isRefusal, type Refusal } from '../../src/engine/model/refusal.ts';
import { begunBy, withBegun } from '../../src/engine/begun.ts';
import type { Context } from '../../src/engine/model/transaction.ts';
import { foresee } from '../../src/engine/foresee.ts';
import { copyHost } from './copy_host.ts';
import { anyStory, play } from './fleet.ts';
import { stateHash } from './fleet/state.ts';
import { found, steadyContext } from './support.ts';
import { cases } from '../support/property.ts';

/** Does it, as the writer and the executor do: a command a step, each stored before the next. */
function act(host: Host, command: Command, context: Context): Answer | Refusal {
  const decision = decide(host, command, context);
  if (isRefusal(decision)) return decision;
  for (const event of decision.events) apply(host, event);
  return decision.answer;
}

function runningOn(host: Host): string[] {
  return [...host.tables.removals.values()].filter(({ state }) => state === 'running').map(({ id }) => id);
}

/** What a client reads of the same answer once nothing moves any more. */
function atRest(host: Host, answer: Answer, context: Context) {
  for (let due = runningOn(host); due.length > 0; due = runningOn(host)) {
    for (const removal of due) act(host, { type: 'advance_removal', removal }, context);
  }
  const { cxl, ...own } = withBegun(answer, ({ id }) => found(host.tables.removals.get(id)));
  return { own, cxl };
}

const REMOVES: ReadonlySet<Command['type']> = new Set([
  'remove_dax_device',
  'remove_cxl_memdev',
  'record_hotplug_event',
]);

test('[WI3] a dry run of a removal is the removal at rest, whoever begins it, on any host', () => {
  const seen = new Map<string, number>();
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(anyStory, (story) => {
      play(
        story,
        () => undefined,
        ({ host }, command) => {
          if (!REMOVES.has(command.type)) return;
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
          expect(dry.events).toEqual([]);
          if (begunBy(answer).length === 0) {
            expect(dry.answer).toEqual(answer);
            return;
          }
          const { cxl, ...own } = dry.answer;
          const acted = atRest(copy, answer, context);
          expect(own).toEqual(acted.own);
          expect(cxl?.removals).toEqual(acted.cxl?.removals);
          if (cxl !== undefined)
            expect(cxl.cxl_memdev).toEqual(copy.tables.cxl_memdevs.get(cxl.cxl_memdev.name));
          for (const { state } of begunBy(dry.answer)) note(`${command.type} ${state}`);
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
