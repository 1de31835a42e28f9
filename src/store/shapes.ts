import type { Connection } from './connection.ts';

/** Names of the members of records, in their order, by a number: the journal has each list of names once. */
export interface Shapes {
  /** The number of a shape; one that is new is stored, in the transaction that is open. */
  readonly keyOf: (members: readonly string[]) => number;
}

/** Prepares finding shapes by their members. What is remembered is looked up again: a rollback may have taken it. */
export function prepareShapes(db: Connection): Shapes {
  const members = db.prepare<[number], string>('SELECT members FROM record_shapes WHERE key = ?').pluck();
  const insert = db.prepare<[string], number>(
    `INSERT INTO record_shapes (members) VALUES (?)
     ON CONFLICT (members) DO UPDATE SET members = excluded.members RETURNING key`,
  );
  const known = new Map<string, number>();
  return {
    keyOf: (names) => {
      const text = names.join(' ');
      const key = known.get(text);
      if (key !== undefined && members.get(key) === text) return key;
      const stored = insert.pluck().get(text)!;
      known.set(text, stored);
      return stored;
    },
  };
}

/** Prepares reading the members of a shape. */
export function prepareMembers(db: Connection): (shape: number) => readonly string[] {
  const select = db.prepare<[number], string>('SELECT members FROM record_shapes WHERE key = ?').pluck();
  return (shape) => select.get(shape)!.split(' ');
}
