import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Sqlite } from '../../src/store/driver.ts';
import { prepareJoined } from '../../src/store/joined_rows.ts';
import { migrate } from '../../src/store/migrate.ts';
import { KINDS } from '../../src/store/tables.ts';
import { cases } from '../support/property.ts';

test('the rows of a host are a range of an index, in order of creation, and nothing is sorted', () => {
  const db = new Sqlite(':memory:');
  migrate(db);
  const asked: string[] = [];
  const prepare = db.prepare.bind(db);
  db.prepare = (sql: string) => {
    asked.push(sql);
    return prepare(sql);
  };
  for (const kind of KINDS) {
    prepareJoined(db, kind, '= ?');
    prepareJoined(db, kind, 'IN (SELECT value FROM json_each(?))', "id <> ''");
  }
  for (const sql of asked) {
    const plan = JSON.stringify(prepare(`EXPLAIN QUERY PLAN ${sql}`).all('1'));
    const range = /FROM hosts\b/.test(sql) ? /INTEGER PRIMARY KEY/ : /USING INDEX (\w+)_by_host \(host=\?\)/;
    expect([sql, plan]).toEqual([sql, expect.stringMatching(range)]);
    // Of a file the chunks of its extents are.
    expect([sql, plan]).toEqual([sql, expect.not.stringMatching(/FOR GROUP BY|SCAN (?!json_each|c\b)/)]);
  }
});

const rows = fc.array(
  fc.record({ host: fc.constantFrom(1, 2), text: fc.string(), runs: fc.uint8Array({ maxLength: 9 }) }),
  { maxLength: 12 },
);

test('what is joined is told apart again, whatever is in it', () => {
  fc.assert(
    fc.property(rows, (stored) => {
      const db = new Sqlite(':memory:');
      migrate(db);
      db.exec(`INSERT INTO hosts (key, id, uid_lo, kernel, health, record)
        VALUES (1, 'a', 'a', 'v6.12', 'ok', '{}'), (2, 'b', 'b', 'v6.12', 'ok', '{}')`);
      const insert = db.prepare(
        `INSERT INTO mappings (key, host, id, uid_lo, revision, pid, dax_device, runs, record)
         VALUES (?, ?, ?, 'u', 1, 1, 'pmem0', ?, ?)`,
      );
      for (const [at, { host, text, runs }] of stored.entries())
        insert.run(at + 1, host, `${text}/${String(at)}`, Buffer.from(runs), JSON.stringify({ text }));
      const read = [...prepareJoined(db, 'mappings', '<> ?')(0)];
      const found = read.flatMap(({ host, ids, records, runs, lengths }) => {
        let end = 0;
        return (JSON.parse(lengths!) as number[]).map((length, at) => {
          const own = Uint8Array.from(runs!.subarray(end, (end += length)));
          const { text } = (JSON.parse(records) as { readonly text: string }[])[at]!;
          return [host, (JSON.parse(ids) as string[])[at], text, own];
        });
      });
      const told = stored.map(({ host, text, runs }, at) => [host, `${text}/${String(at)}`, text, runs]);
      expect(found).toEqual([...told.filter(([host]) => host === 1), ...told.filter(([host]) => host === 2)]);
      db.close();
    }),
    cases(60),
  );
});
