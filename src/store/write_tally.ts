import type { Connection } from './connection.ts';
import { countByKernel, type OfKernel } from './count_rows.ts';
import { COUNTS, type Counter, type Difference, type Tally } from './counters.ts';

/**
 * Prepares writing what a command changes the counts by, in the transaction that has its rows. A row that counts nothing
 * any more goes.
 */
export function prepareWriteTally(db: Connection): (tally: Tally) => void {
  const hostOf = db.prepare<[number], OfKernel>('SELECT kernel, kernel_release FROM hosts WHERE key = ?');
  const writers = new Map(countersOf().map((counter) => [counter, prepareWrite(db, counter)]));
  const isGone = ({ counter, key: [key] }: Readonly<Difference>): boolean =>
    counter.startsWith('host/') && hostOf.get(key as number) === undefined;
  return (tally) => {
    for (const { counter, key, by } of [...tally.all()]) {
      const host = counter === 'host/dax_devices' ? hostOf.get(key[0] as number) : undefined;
      if (host !== undefined) countByKernel(tally, host, by);
    }
    for (const difference of tally.all())
      if (difference.by !== 0 && !isGone(difference)) writers.get(difference.counter)!(difference);
  };
}

function countersOf(): Counter[] {
  return Object.entries(COUNTS).flatMap(([name, { columns }]) =>
    columns.map((column) => `${name}/${column}` as Counter),
  );
}

function prepareWrite(db: Connection, counter: Counter): (difference: Readonly<Difference>) => void {
  const [name, column] = counter.split('/') as [keyof typeof COUNTS, string];
  const { key, columns } = COUNTS[name];
  const table = `counts_by_${name}`;
  const add = db.prepare<Values>(
    `INSERT INTO ${table} (${key.join(', ')}, ${column}) VALUES (${key.map(() => '?').join(', ')}, ?)
     ON CONFLICT DO UPDATE SET ${column} = ${column} + excluded.${column}`,
  );
  const isEmpty = [...key.map((part) => `${part} = ?`), ...columns.map((each) => `${each} = 0`)];
  const tidy = db.prepare<Values>(`DELETE FROM ${table} WHERE ${isEmpty.join(' AND ')}`);
  return ({ key: values, by }) => {
    add.run(...values, by);
    if (by < 0) tidy.run(...values);
  };
}

type Values = (string | number)[];
