import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Table } from '../../src/engine/model/table.ts';
import { cases } from '../support/property.ts';
import { UndoLog } from '../../src/engine/model/undo.ts';
import { undoable } from './undoable.ts';

const ids = fc.constantFrom('a', 'b', 'c', 'd');
const change = fc.record({ id: ids, record: fc.option(fc.nat(9)) });

/** All that a reader of both can ask. */
function seen(records: Map<string, number> | Table<number>) {
  const asked = ['a', 'b', 'c', 'd'].map((id) => [records.get(id), records.has(id)]);
  return [
    records.size,
    asked,
    [...records],
    [...records.keys()],
    [...records.values()],
    [...records.entries()],
    'first' in records ? records.first() : [...records.values()][0],
  ];
}

function tableOf(...ids: readonly string[]): Table<number> {
  const table = new Table<number>();
  for (const [at, id] of ids.entries()) table.set(id, at);
  return table;
}

test('a table with hidden records reads as a map without them, and an undo restores records and order', () => {
  fc.assert(
    fc.property(fc.array(change), fc.array(change), (before, changes) => {
      const table = new Table<number>();
      for (const { id, record } of before) {
        if (record === null) table.delete(id);
        else table.set(id, record);
      }
      const states = [seen(table)];
      const undo = changes.map(({ id, record }) => {
        const map = new Map(table);
        if (record === null) map.delete(id);
        else map.set(id, record);
        const undone = undoable(table, id, record);
        expect(seen(table)).toEqual(seen(map));
        expect(table.where((own) => own > 4)).toEqual([...map.values()].filter((own) => own > 4));
        states.push(seen(map));
        return undone;
      });
      for (const step of undo.reverse()) {
        expect(seen(table)).toEqual(states.pop());
        step();
      }
      expect(seen(table)).toEqual(states.pop());
    }),
    cases(),
  );
});

test('a record that is deleted while it is hidden is gone', () => {
  const table = tableOf('a', 'b');
  table.hide('a', new UndoLog());
  table.delete('a');
  table.set('a', 3);
  expect(seen(table)).toEqual(
    seen(
      new Map([
        ['b', 1],
        ['a', 3],
      ]),
    ),
  );
});

test('what is hidden before a walk comes to it is not shown by it, what is put meanwhile is', () => {
  const table = tableOf('a', 'b', 'c');
  const shown: string[] = [];
  for (const id of table.keys()) {
    shown.push(id);
    if (id !== 'a') continue;
    table.hide('b', new UndoLog());
    table.set('b', 9);
    table.set('d', 9);
  }
  expect(shown).toEqual(['a', 'c', 'b', 'd']);
});

test('a walk that has ended stays at its end', () => {
  const walk = tableOf('a').values();
  expect([walk.next(), walk.next(), walk.next()].map(({ done }) => done)).toEqual([false, true, true]);
});

test('deletes of most records keep the others in order, and under their ids', () => {
  const ids = Array.from({ length: 100 }, (_, at) => `r${String(at)}`);
  const table = tableOf(...ids);
  for (const id of ids) if (!id.endsWith('7')) table.delete(id);
  table.set('r7', 70);
  table.set('new', 100);
  const left = ids.filter((id) => id.endsWith('7'));
  expect([...table.keys()]).toEqual([...left, 'new']);
  expect([...table.keys()].map((id) => table.get(id))).toEqual([...table.values()]);
  expect([...table.values()]).toEqual([70, 17, 27, 37, 47, 57, 67, 77, 87, 97, 100]);
});
