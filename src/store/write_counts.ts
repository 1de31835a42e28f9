import type { Connection } from './connection.ts';
import { countByKernel, type OfKernel } from './count_rows.ts';
import { COUNT_TABLES, type Counter, type Difference, type Differences } from './counters.ts';

/**
 * Prepares writing what a command changes the counts by, in the transaction that has its rows. A row that counts nothing
 * any more goes.
 */
export function prepareWriteCounts(db: Connection): (differences: Differences) => void {
  const hostOf = db.prepare<[number], OfKernel>('SELECT kernel, kernel_release FROM hosts WHERE key = ?');
  const writers = new Map(countersOf().map((counter) => [counter, prepareWrite(db, counter)]));
  const isGone = ({ counter, key: [key] }: Readonly<Difference>): boolean =>
    counter.startsWith('host/') && hostOf.get(key as number) === undefined;
  return (differences) => {
    for (const { counter, key, by } of [...differences.all()]) {
      const host = counter === 'host/dax_devices' ? hostOf.get(key[0] as number) : undefined;
      if (host !== undefined) countByKernel(differences, host, by);
    }
    for (const difference of differences.all())
      if (difference.by !== 0 && !isGone(difference)) writers.get(difference.counter)!(difference);
  };
}

function countersOf(): Counter[] {
  return Object.entries(COUNT_TABLES).flatMap(([name, { columns }]) =>
    columns.map((column) => `${name}/${column}` as Counter),
  );
}

function prepareWrite(db: Connection, counter: Counter): (difference: Readonly<Difference>) => void {
  const [name, column] = counter.split('/') as [keyof typeof COUNT_TABLES, string];
  const { key, columns } = COUNT_TABLES[name];
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
