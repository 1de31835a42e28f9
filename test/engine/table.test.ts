import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Table } from '../../src/engine/table.ts';
import { cases } from '../support/property.ts';

const ids = fc.constantFrom('a', 'b', 'c', 'd');
const change = fc.record({ id: ids, record: fc.option(fc.nat(9)) });

/** All that a reader can ask. */
function seen(records: Map<string, number>) {
  const asked = ['a', 'b', 'c', 'd'].map((id) => [records.get(id), records.has(id)]);
  return [
    records.size,
    asked,
    [...records],
    [...records.keys()],
    [...records.values()],
    [...records.entries()],
  ];
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
        const undone = record === null ? table.hide(id) : table.put(id, record);
        expect(seen(table)).toEqual(seen(map));
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
  const table = new Table<number>();
  table.set('a', 1);
  table.set('b', 2);
  table.hide('a');
  table.delete('a');
  table.set('a', 3);
  expect(seen(table)).toEqual(
    seen(
      new Map([
        ['b', 2],
        ['a', 3],
      ]),
    ),
  );
});
