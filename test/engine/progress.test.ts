import { expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import type { Event } from '../../src/engine/model/event.ts';
import { emptyHost } from '../../src/engine/model/apply.ts';
import { decide } from '../../src/engine/decide.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { applyAll } from '../../src/store/applied.ts';
import { mappedAndPinned } from '../store/support/scenario.ts';

/** A host on which a pin holds pages of pmem0, and what happens to it. */
function rig() {
  const host = emptyHost();
  let uids = 0;
  const events: Event[] = [];
  const run = (command: Command): void => {
    const uid = (): string => `u${String((uids += 1))}`;
    const decision = decide(host, command, { now: '2030-01-01T00:00:00.000Z', uid });
    if (isRefusal(decision)) throw new Error(decision.detail);
    applyAll(host, decision.events);
    events.push(...decision.events);
  };
  for (const command of mappedAndPinned('node-a', 'v5.10')) run(command);
  const removals = () => [...host.tables.removals.values()];
  const advance = (): void => {
    for (let running; (running = removals().find(({ state }) => state === 'running')); )
      run({ type: 'advance_removal', removal: running.id });
  };
  const told = (type: Event['type'], id = removals()[0]!.id) =>
    events
      .filter((event) => event.type === type && event.subject === `removals/${id}`)
      .map(({ data }) => data);
  return { run, removals, advance, told };
}

const UNBIND = { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' } as const;

test('[RM13] events of a removal tell its steps and pages while it runs, and whom it waits for while it waits', () => {
  const { run, removals, advance, told } = rig();
  const removal = () => removals()[0]!;
  const another = { offset: 4096, length: 4096, kind: 'transient', holder: 'direct_io' } as const;
  run({ type: 'create_pin', pid: 42, mapping: 'v4', ...another });
  run(UNBIND);
  const { steps, report } = removal();
  const of = { steps: steps.length, pages: report.pages };
  expect(told('removal_started')).toEqual([
    {
      dax_device: 'pmem0',
      trigger: 'unbind',
      progress: {
        step_names: steps.map(({ name }) => name),
        step: steps[0]!.name,
        position: 1,
        steps_done: 0,
        ...of,
      },
    },
  ]);
  advance();
  const at = steps.findIndex((_, place) => removal().steps[place]!.state !== 'done');
  expect(told('removal_step_done')).toMatchObject(
    steps.slice(0, at).map(({ name }, place) => ({
      step: name,
      progress: { step: name, position: place + 1, steps_done: place + 1, ...of },
    })),
  );
  run({ type: 'unpin', pin: 'p5' });
  run({ type: 'unpin', pin: 'p6' });
  const rests = { step: steps[at]!.name, position: at + 1, steps_done: at, ...of };
  const counts = [2, 1, 0];
  expect(told('removal_waiting')).toMatchObject(
    counts.map((count) => ({
      progress: {
        ...rests,
        waiting_on: { count, pids: count === 0 ? [] : [42] },
        pages_waited_for: { held: 2, still_held: count },
      },
    })),
  );
  expect(told('removal_waiting')[0]).toMatchObject({ progress: { present: { pmd: 2 } } });
  advance();
  expect(told('removal_completed')).toEqual([
    {
      verdict: removal().verdict,
      progress: {
        position: steps.length,
        steps: steps.length,
        steps_done: steps.length,
        pages: removal().report.pages,
        pages_waited_for: { held: 2, still_held: 0 },
      },
    },
  ]);
});

test('[RM13] events of a removal behind another tell that it has done nothing, and at its end that nothing was left to do', () => {
  const { run, removals, advance, told } = rig();
  run(UNBIND);
  advance();
  run(UNBIND);
  const [first, second] = removals().map(({ id }) => id);
  const { steps, report } = removals()[1]!;
  expect(told('removal_started', second)).toEqual([]);
  expect(told('removal_waiting', second)).toEqual([
    {
      pins: [],
      behind: first,
      progress: {
        step: steps[0]!.name,
        position: 1,
        steps: steps.length,
        steps_done: 0,
        waiting_on: { count: 0, pids: [] },
        pages: report.pages,
      },
    },
  ]);
  run({ type: 'unpin', pin: 'p5' });
  advance();
  const { verdict, report: ended } = removals()[1]!;
  expect(told('removal_completed', second)).toEqual([
    { verdict, progress: { position: 0, steps: 0, steps_done: 0, pages: ended.pages } },
  ]);
});
