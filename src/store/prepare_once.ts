import type { Connection, Statement } from './connection.ts';
import type { Prepare } from './list.ts';

/** Prepares each statement when it is first asked for. The texts come from closed sets, so that those kept are few. */
export function prepareOnce(db: Connection): Prepare {
  const statements = new Map<string, Statement<(string | number)[]>>();
  return (sql) => {
    const statement = statements.get(sql) ?? db.prepare<(string | number)[]>(sql);
    statements.set(sql, statement);
    return statement;
  };
}
