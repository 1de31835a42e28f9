import type { Connection } from './connection.ts';
import type { Known } from './known.ts';
import { haveSameNames } from './record_patch.ts';

/** Names of the members of records, in their order, by a number: the journal has each list of names once. */
export interface Shapes {
  /** The number of a shape; one that is new is stored, in the transaction that is open. */
  readonly keyOf: (members: readonly string[]) => number;
}

/** The shape of so many members that was met last: of many records in turn most have the same. */
interface Shape {
  readonly names: readonly string[];
  readonly key: number;
}

/** Prepares finding shapes by their members. */
export function prepareShapes(db: Connection, known: Known): Shapes {
  const insert = db
    .prepare<[string], number>(
      `INSERT INTO record_shapes (members) VALUES (?)
       ON CONFLICT (members) DO UPDATE SET members = excluded.members RETURNING key`,
    )
    .pluck();
  const keys = known.map<string, number>();
  const latest = known.map<number, Shape>();
  const find = (names: readonly string[]): number => {
    const text = names.join(' ');
    const key = keys.get(text) ?? insert.get(text)!;
    keys.set(text, key);
    latest.set(names.length, { names, key });
    return key;
  };
  return {
    keyOf: (names) => {
      const last = latest.get(names.length);
      return last !== undefined && haveSameNames(names, last.names) ? last.key : find(names);
    },
  };
}

/** Prepares reading the members of a shape. */
export function prepareMembers(db: Connection): (shape: number) => readonly string[] {
  const select = db.prepare<[number], string>('SELECT members FROM record_shapes WHERE key = ?').pluck();
  return (shape) => select.get(shape)!.split(' ');
}
