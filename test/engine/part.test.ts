import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../src/engine/decide.ts';
import { apply, emptyHost } from '../../src/engine/model/apply.ts';
import { isHeldBeside, openFilesOfPid } from '../../src/engine/model/lookup.ts';
import { usesBy } from '../../src/engine/model/rest.ts';
import { Table } from '../../src/engine/model/table.ts';
import { entriesOf } from '../../src/engine/model/transaction.ts';
import { cases } from '../support/property.ts';
import { anyLife, anyStory, play, type Story } from './fleet.ts';
import { keep, partOf, wholeOf } from './part.ts';
import { ext4 } from './rig.ts';
import { steadyContext } from './support.ts';
import { applyUndoable, undoable } from './undoable.ts';

/** So many commands a part lives for. */
const KEPT = 4;

/** What is thrown by who loads what is not in memory yet. */
class NotYet extends Error {}

/** Puts off what is asked for while something is decided, once each. */
interface PuttingOff {
  readonly beforeLoad: (id: string) => void;
  /** What is decided at last. */
  readonly atLast: <Decided>(decideIt: () => Decided) => Decided;
}

function puttingOff(): PuttingOff {
  const asked = new Set<string>();
  let isDeciding = false;
  const tried = <Decided>(decideIt: () => Decided): Decided | NotYet => {
    isDeciding = true;
    try {
      return decideIt();
    } catch (error) {
      if (error instanceof NotYet) return error;
      throw error;
    } finally {
      isDeciding = false;
    }
  };
  return {
    beforeLoad: (id) => {
      if (isDeciding && asked.size < asked.add(id).size) throw new NotYet(id);
    },
    atLast: (decideIt) => {
      for (;;) {
        const decided = tried(decideIt);
        if (!(decided instanceof NotYet)) return decided;
      }
    },
  };
}

const NEVER_OFF: PuttingOff = { beforeLoad: () => undefined, atLast: (decideIt) => decideIt() };

/** Each command is decided on the whole host, and on one that is loaded in part and stored after each. */
function playsTheSame(story: Story, loading: () => PuttingOff): void {
  let commands = 0;
  let stored = emptyHost();
  let part = emptyHost();
  let events = 0;
  let { beforeLoad, atLast } = loading();
  play(
    story,
    (made) => {
      const came = made.events.slice(events);
      for (const event of came) apply(part, event);
      stored = keep(made.host);
      for (const change of came.flatMap(({ changes }) => changes))
        if (change.op === 'delete') part.tables[change.kind].forget(change.id);
    },
    (made, command) => {
      if (commands % KEPT === 0) {
        if (commands > 0) expect(wholeOf(part)).toEqual(wholeOf(made.host));
        stored = keep(made.host);
        ({ beforeLoad, atLast } = loading());
        part = atLast(() => partOf(() => stored, beforeLoad));
      }
      events = made.events.length;
      commands += 1;
      const context = () => steadyContext(`own-${String(commands)}`);
      expect([command, atLast(() => decide(part, command, context()))]).toEqual([
        command,
        decide(made.host, command, context()),
      ]);
    },
  );
}

describe('a host that is loaded in part', () => {
  test.each([
    ['uses', anyStory],
    ['inodes', anyLife],
  ])('decides as one that is in memory, and is the same after the commands: stories of %s', (_name, any) => {
    fc.assert(
      fc.property(any, (story) => playsTheSame(story, () => NEVER_OFF)),
      cases(60),
    );
  });

  test.each([
    ['uses', anyStory],
    ['inodes', anyLife],
  ])(
    'is as it was where loading fails, and decides the same once it does not: stories of %s',
    (_name, any) => {
      fc.assert(
        fc.property(any, (story) => playsTheSame(story, puttingOff)),
        cases(40),
      );
    },
  );

  test('asks for a record once, and so for what there is not', () => {
    const asked: string[] = [];
    const table = new Table<number>({
      get: (id) => {
        asked.push(id);
        return id === 'a' ? 1 : undefined;
      },
      all: () => [['a', 1]],
    });
    expect([table.get('a'), table.has('a'), table.get('b'), table.has('b')]).toEqual([
      1,
      true,
      undefined,
      false,
    ]);
    expect([table.get('c'), table.get('b')]).toEqual([undefined, undefined]);
    expect(asked).toEqual(['a', 'b', 'c']);
    table.set('b', 2);
    expect(table.get('b')).toBe(2);
    table.delete('b');
    // Nobody has deleted them here.
    for (const id of ['a', 'b']) table.forget(id);
    expect([...table]).toEqual([['a', 1]]);
  });

  test('asks again for what there is not once that is more than it remembers', () => {
    const asked: string[] = [];
    const table = new Table<number>({ get: (id) => void asked.push(id), all: () => [] });
    const many = Array.from({ length: 5_000 }, (_, at) => String(at));
    for (const id of many) table.get(id);
    expect(asked).toEqual(many);
    expect([table.has('4999'), table.has('0')]).toEqual([false, false]);
    expect(asked.slice(many.length)).toEqual(['0']);
  });

  test('asks once for a record that is put, taken back and put again', () => {
    const asked: string[] = [];
    const table = new Table<number>({ get: (id) => void asked.push(id), all: () => [] });
    undoable(table, 'a', 1)();
    expect(table.has('a')).toBe(false);
    table.set('a', 2);
    expect([table.get('a'), asked]).toEqual([2, ['a']]);
  });
});

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
const ids = fc.constantFrom(...NAMES);
const change = fc.record({
  id: ids,
  act: fc.constantFrom('put', 'hide', 'get', 'walk', 'knows'),
  record: fc.nat(9),
});

test('a table that is loaded in part reads as a whole one, whatever is changed, loaded and taken back', () => {
  const all = (table: Table<number>): unknown[] => [table.size, ...table];
  const tableOf = (records: readonly (readonly [string, number])[]): Table<number> => {
    const table = new Table<number>();
    for (const [id, record] of records) table.set(id, record);
    return table;
  };
  const stored = fc.uniqueArray(fc.tuple(ids, fc.nat(9)), { selector: ([id]) => id });
  fc.assert(
    fc.property(stored, fc.array(change), fc.nat(), (records, changes, kept) => {
      const whole = tableOf(records);
      const map = new Map<string, number>(records);
      const part = new Table<number>({
        get: (id) => map.get(id),
        all: (knows) => records.map(([id, record]) => [id, knows(id) ? null : record] as const),
      });
      const acts = changes.map(({ id, act, record }) => {
        if (act === 'get') expect(part.get(id)).toBe(whole.get(id));
        if (act === 'walk') expect(all(part)).toEqual(all(whole));
        if (act === 'knows' && !part.knows(id) && map.has(id)) part.load(id, map.get(id)!);
        const does = (table: Table<number>) =>
          act === 'put' || act === 'hide'
            ? undoable(table, id, act === 'put' ? record : null)
            : () => undefined;
        return [part, whole].map(does);
      });
      const from = kept % (acts.length + 1);
      for (const undo of acts.slice(from).reverse()) for (const step of undo) step();
      for (const id of NAMES) {
        expect(part.has(id)).toBe(whole.has(id));
        // What is left is for good.
        if (whole.has(id)) continue;
        part.delete(id);
        whole.delete(id);
      }
      expect(all(part)).toEqual(all(whole));
    }),
    cases(),
  );
});

test('entries come with their owner, and of a key that nobody has asked for nothing is taken out', () => {
  const { made, mapper } = ext4('v6.12');
  const { mapping, pid } = mapper({ touched: 'write' });
  const open_file = openFilesOfPid(made.host, pid);
  const stored = keep(made.host);
  const part = partOf(() => stored);
  expect(entriesOf(part, mapping)).toEqual(entriesOf(made.host, mapping));
  expect(entriesOf(part, 'f3')).toEqual(entriesOf(made.host, 'f3'));
  expect([open_file, [...usesBy(part, 'mappings/pid', pid)]]).toEqual([[], [mapping]]);
});

test('of a mapping that is loaded because its entries go, none stay', () => {
  const { made, mapper } = ext4('v6.12');
  const { mapping } = mapper({ touched: 'write' });
  const stored = keep(made.host);
  const part = partOf(() => stored);
  const takeBack = applyUndoable(part, [{ op: 'empty_entries', owners: [mapping] }]);
  expect([entriesOf(part, mapping), part.tables.mappings.get(mapping)!.present]).toEqual([
    [],
    { pte: 0, pmd: 0, pud: 0, anon: 0 },
  ]);
  takeBack();
  expect(entriesOf(part, mapping)).toEqual(entriesOf(made.host, mapping));
  expect(part.tables.mappings.get(mapping)).toEqual(made.host.tables.mappings.get(mapping));
});

test('who shares an open file description is known once the users of its device are', () => {
  const { made, mapper } = ext4('v6.12');
  const { pid } = mapper({});
  made.run({ type: 'open_file', pid, file: 'f3', flags: ['rdwr'] });
  const [alone] = openFilesOfPid(made.host, pid);
  const stored = keep(made.host);
  made.run({ type: 'create_process', pid: 77, comm: 'child', parent_pid: pid });
  const forked = keep(made.host);
  const held = [stored, forked].map((host) =>
    isHeldBeside(
      partOf(() => host),
      alone!,
    ),
  );
  expect(held).toEqual([false, true]);
});
