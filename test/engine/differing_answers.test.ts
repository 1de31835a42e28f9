import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginsRemovals } from '../../src/engine/begun.ts';
import { decide } from '../../src/engine/decide.ts';
import { foresee, playToRest } from '../../src/engine/foresee.ts';
import { inEveryWorld, type World } from '../../src/engine/kernels/worlds.ts';
import type { Command } from '../../src/engine/model/command.ts';
import type { CreateHost } from '../../src/engine/model/host_command.ts';
import type { Host } from '../../src/engine/model/host.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { isRefusal } from '../../src/engine/model/refusal.ts';
import { cases } from '../support/property.ts';
import { anyStory, play } from './fleet.ts';
import {
  addDevice,
  addMapper,
  addPin,
  emptyMachine,
  found,
  PIPE,
  removeDevice,
  steadyContext,
  type Machine,
} from './support.ts';

/** Kernels with unknown facts, of the vendor's none is known. */
const anyRelease = fc.constantFrom('5.15.150', '6.8.0', '6.18.9', '5.14.0-427.13.1.el9_4.x86_64');

type Outcomes = readonly World<unknown>[];
type Handled = { readonly answer: unknown };

/** What a command answers in each world, all that follows from it done; null where there is but one. */
function answersOf(host: Host, command: Command): readonly unknown[] | null {
  let tried: Outcomes = [];
  inEveryWorld(
    host,
    () => playToRest(host, command, steadyContext('t')),
    (worlds) => {
      ({ tried } = worlds);
      return tried[0]!.outcome;
    },
  );
  const outcomes = tried.map(({ outcome }) => outcome);
  if (outcomes.length === 0) return null;
  return outcomes.map((outcome) => (isRefusal(outcome) ? outcome : (outcome as Handled).answer));
}

/** Pointers at which worlds differ and the answer says what holds in some of them only. */
function claims(told: unknown, worlds: readonly unknown[], path = ''): string[] {
  const [first, ...others] = worlds.map((world) => JSON.stringify(world));
  if (
    others.every((other) => other === first) ||
    told === null ||
    told === undefined ||
    told === 'undetermined'
  )
    return [];
  if (Array.isArray(told)) {
    const lists = worlds.map((world) => (Array.isArray(world) ? world : []) as readonly unknown[]);
    if (lists.every(({ length }) => length === told.length)) {
      return told.flatMap((row, at) =>
        claims(
          row,
          lists.map((list) => list[at]),
          `${path}/${String(at)}`,
        ),
      );
    }
    const isPlain = told.every((row) => typeof row !== 'object');
    return isPlain && told.some((row) => lists.some((list) => !list.includes(row))) ? [path] : [];
  }
  if (typeof told === 'object') {
    return Object.entries(told).flatMap(([member, value]) => {
      if (member === 'revision' || member === 'depends_on') return [];
      const within = worlds.map((world) => (world as Record<string, unknown> | null)?.[member]);
      return claims(value, within, `${path}/${member}`);
    });
  }
  return typeof told === 'string' && told.includes(', or: ') ? [] : [path];
}

function saysOnWhat(answer: unknown): boolean {
  return JSON.stringify(answer).includes('"depends_on":[{');
}

/** What is told of a removal that rests before its next step, now and before (UNK5); null of one that does not. */
function restOf(host: Host, id: string, answer: unknown): { now: unknown; before: unknown } | null {
  const removal = answer as RemovalRecord;
  if (removal.state !== 'undetermined') return null;
  const known = ({ steps, report, hazards, waiting_on }: RemovalRecord) => ({
    steps,
    report,
    hazards,
    waiting_on,
  });
  return { now: known(removal), before: known(found(host.tables.removals.get(id))) };
}

/** Checks a command on a host that may be several kernels; says how it is answered where those differ. */
function check(host: Host, command: Command): 'alike' | 'told' | 'undetermined' {
  const answers = answersOf(host, command);
  if (answers === null || new Set(answers.map((each) => JSON.stringify(each))).size < 2) return 'alike';
  let how: 'told' | 'undetermined' = 'undetermined';
  for (const way of beginsRemovals(command) ? [foresee] : [foresee, decide]) {
    const told = way(host, command, steadyContext('t'));
    if (isRefusal(told)) {
      expect([command.type, told.depends_on?.length ?? 0]).not.toEqual([command.type, 0]);
      if (told.code !== 'undetermined')
        expect([command.type, claims(told, answers)]).toEqual([command.type, []]);
      continue;
    }
    how = 'told';
    expect([command.type, saysOnWhat(told.answer)]).toEqual([command.type, true]);
    const rests = command.type === 'advance_removal' ? restOf(host, command.removal, told.answer) : null;
    if (rests === null) expect([command.type, claims(told.answer, answers)]).toEqual([command.type, []]);
    else expect(rests.now).toEqual(rests.before);
  }
  return how;
}

test('[UNK4] whatever differs between the worlds is left out of an answer that says on what it depends, or the answer is undetermined', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anyStory, anyRelease, (story, kernel_release) => {
      play(
        { ...story, kernel_release },
        () => undefined,
        ({ host }, command) => void seen.add(check(host, command)),
      );
    }),
    cases(30),
  );
  expect([...seen].sort()).toEqual(['alike', 'told', 'undetermined']);
});

const RHEL_9 = '5.14.0-427.13.1.el9_4.x86_64';
const BLOCK = 2 ** 27;

function vendors(more: Partial<CreateHost> = {}): Machine {
  const made = emptyMachine('v6.12');
  made.run({ type: 'create_host', name: 'h', kernel_release: RHEL_9, ...more });
  return made;
}

/** A dax device of system-ram, with something beside its whole blocks. */
function memory(made: Machine, auto_online: boolean): Machine {
  if (auto_online) made.run({ type: 'patch_host', auto_online_blocks: 'online_movable' });
  addDevice(made, { name: 'dax0.0', mode: 'devdax', size: 3 * BLOCK + 2 ** 21, target_node: 1 });
  removeDevice(made, { dax_device: 'dax0.0' });
  return made;
}

const toMemory = { type: 'bind', dax_device: 'dax0.0', mode: 'system-ram' } as const;

/** A command whose answer differs between the kernels that a host may run, and how it is answered. */
const SCENES: readonly (readonly [what: string, make: () => readonly [Machine, Command], how: string])[] = [
  [
    'a bind to system-ram that cuts the range',
    () => [memory(vendors({ auto_online_blocks: 'offline' }), false), toMemory],
    'told',
  ],
  [
    'the same where nobody told whether it comes online',
    () => [memory(vendors(), false), toMemory],
    'undetermined',
  ],
  ['the same online at once', () => [memory(vendors(), true), toMemory], 'told'],
  [
    'a bind to system-ram of less than a block',
    () => {
      const made = vendors();
      addDevice(made, { name: 'dax0.0', mode: 'devdax', size: 2 ** 21, target_node: 1 });
      removeDevice(made, { dax_device: 'dax0.0' });
      return [made, toMemory];
    },
    'undetermined',
  ],
  [
    'a step that waits for a pin which came while the removal ran, or does not',
    () => {
      const made = vendors();
      addDevice(made, { name: 'dax0.0', mode: 'devdax' });
      const mapper = addMapper(made, { dax_device: 'dax0.0' });
      const unbind = { type: 'remove_dax_device', dax_device: 'dax0.0', trigger: 'unbind' } as const;
      const { id: removal } = made.run(unbind);
      addPin(made, mapper, PIPE);
      const advance = { type: 'advance_removal', removal } as const;
      while (found(made.run(advance).steps[2]).state !== 'done');
      return [made, advance];
    },
    'told',
  ],
  [
    'a bind of a device that has a driver',
    () => {
      const made = vendors();
      addDevice(made, { name: 'dax0.0', mode: 'devdax' });
      return [made, { type: 'bind', dax_device: 'dax0.0' }];
    },
    'undetermined',
  ],
];

test.each(SCENES)('[UNK4] %s', (_what, make, how) => {
  const [made, command] = make();
  expect(check(made.host, command)).toBe(how);
});
