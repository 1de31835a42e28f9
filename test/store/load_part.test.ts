import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command } from '../../src/engine/model/command.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { keyOfHost } from '../../src/store/host_key.ts';
import { prepareLoad } from '../../src/store/load.ts';
import { prepareEntriesAhead } from '../../src/store/load_ahead.ts';
import { prepareLoadPart } from '../../src/store/load_part.ts';
import { migrate } from '../../src/store/migrate.ts';
import { hostColumn, KINDS, wholeRecord } from '../../src/store/tables.ts';
import { anyStory, commandsOf } from '../engine/fleet.ts';
import { wholeOf } from '../engine/part.ts';
import { cases } from '../support/property.ts';
import { memoryWriter } from './support/memory_writer.ts';

const HOST = 'h';

/** A writer, and what its host's rows are. */
function writer(cacheBytes: number) {
  const { db, transact } = memoryWriter({ cacheBytes });
  const rows = (): unknown =>
    KINDS.map((kind) =>
      db
        .prepare(
          `SELECT id, ${wholeRecord(kind)} AS record FROM ${kind} WHERE ${hostColumn(kind)} = ${keyOfHost("'h'")} ORDER BY key`,
        )
        .all(),
    );
  return { db, rows, run: (command: Command, host = HOST) => transact([{ host, command }]).settled };
}

test('a writer that forgets a host after each command answers and stores as one that keeps all of it', () => {
  fc.assert(
    fc.property(anyStory, (story) => {
      const [keeps, forgets] = [writer(2 ** 30), writer(1)];
      for (const { run } of [keeps, forgets])
        run({ type: 'create_host', name: 'other', kernel: 'v6.1' }, 'other');
      for (const command of commandsOf(story)) {
        const answers = [keeps, forgets].map(({ run }) => run(command));
        expect([command, answers[1]]).toEqual([command, answers[0]]);
        for (const { run } of [keeps, forgets]) run({ type: 'unpin', pin: 'none' }, 'other');
      }
      expect(forgets.rows()).toEqual(keeps.rows());
      const [part, whole] = [
        prepareLoadPart(forgets.db, prepareEntriesAhead(forgets.db))(HOST).host,
        prepareLoad(keeps.db)(HOST),
      ];
      expect(wholeOf(part)).toEqual(wholeOf(whole));
    }),
    cases(30),
  );
}, 120_000);

test('what is asked of a host is found by an index that begins with the host', () => {
  const db = new Sqlite(':memory:');
  migrate(db);
  const asked: string[] = [];
  const prepare = db.prepare.bind(db);
  db.prepare = (sql: string) => {
    asked.push(sql);
    return prepare(sql);
  };
  prepareLoadPart(db, prepareEntriesAhead(db));
  for (const sql of asked) {
    const explain = prepare(`EXPLAIN QUERY PLAN ${sql}`);
    const given = ['h', 'v', 0, 1].slice(0, sql.split('?').length - 1);
    const plan = JSON.stringify(
      sql.includes('@host') ? explain.all({ host: 'h', value: 'v' }) : explain.all(given),
    );
    expect([sql, plan]).toEqual([
      sql,
      expect.stringMatching(sql.includes('FROM hosts WHERE') ? /INTEGER PRIMARY KEY/ : /\(host=\?/),
    ]);
    expect([sql, plan]).toEqual([sql, expect.not.stringMatching(/SCAN/)]);
  }
});
