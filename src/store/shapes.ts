import type { Connection } from './connection.ts';
import type { Known } from './known.ts';

/** Names of the members of records, in their order, by a number: the journal has each list of names once. */
export interface Shapes {
  /** The number of a shape; one that is new is stored, in the transaction that is open. */
  readonly keyOf: (members: readonly string[]) => number;
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
  return {
    keyOf: (names) => {
      const text = names.join(' ');
      const remembered = keys.get(text);
      if (remembered !== undefined) return remembered;
      const key = insert.get(text)!;
      keys.set(text, key);
      return key;
    },
  };
}

/** Prepares reading the members of a shape. */
export function prepareMembers(db: Connection): (shape: number) => readonly string[] {
  const select = db.prepare<[number], string>('SELECT members FROM record_shapes WHERE key = ?').pluck();
  return (shape) => select.get(shape)!.split(' ');
}
