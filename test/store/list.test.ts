import { expect, test } from 'vitest';
import type { Connection } from '../../src/store/connection.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { listRows } from '../../src/store/list.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { ListQuery, Place } from '../../src/store/port.ts';
import { KINDS, sortColumn } from '../../src/store/tables.ts';
import { before } from './support/before.ts';

const FIELDS = ['created_at', 'name', 'kernel', 'size', 'state', 'path', 'dax_device', 'pid', 'pages'];
const SORTED = KINDS.filter(
  (kind) => !['memory_ranges', 'file_systems', 'inventories'].includes(kind),
).flatMap((kind) =>
  FIELDS.filter((field) => sortColumn(kind, field) !== null).map((field) => ({ kind, field })),
);

function empty(): Connection {
  const db = new Sqlite(':memory:');
  migrate(db);
  return db;
}

/** How SQLite would find the rows of a page: the plan of each statement that it takes. */
function plansOf(db: Connection, query: ListQuery): string[] {
  const plans: string[] = [];
  const refused = listRows((sql) => {
    const statement = db.prepare<(string | number)[], { readonly detail: string }>(
      `EXPLAIN QUERY PLAN ${sql}`,
    );
    const values = Array.from({ length: (sql.match(/\?/g) ?? []).length }, () => 1);
    plans.push(
      statement
        .all(...values)
        .map(({ detail }) => detail)
        .join('; '),
    );
    return db.prepare<(string | number)[]>(sql);
  }, query);
  expect(refused).not.toHaveProperty('code');
  return plans;
}

test('every kind of the API is sorted', () => {
  expect(new Set(SORTED.map(({ kind }) => kind)).size).toBe(12);
});

test.each(SORTED)(
  'a page of $kind by $field is a range of an index, of the fleet and of a host',
  ({ kind, field }) => {
    const db = empty();
    const places: (Place | undefined)[] = [undefined, [7, 'x']];
    for (const descending of [false, true])
      for (const host of [{}, ...(kind === 'hosts' ? [] : [{ host: 'node-a' }])])
        for (const after of places) {
          const query = { kind, filters: {}, limit: 3, sort: { field, descending }, ...host };
          for (const plan of plansOf(db, { ...query, ...(after === undefined ? {} : { after }) })) {
            expect(plan).not.toContain('TEMP B-TREE');
            expect(plan).toMatch(
              after === undefined && !('host' in host) ? /^(SCAN|SEARCH) .* USING .*INDEX/ : /^SEARCH/,
            );
          }
        }
  },
);

test.each(SORTED.filter(({ field }) => field === 'created_at'))(
  '$kind made in a time are a range of the index of uids',
  ({ kind }) => {
    const db = empty();
    for (const host of [{}, ...(kind === 'hosts' ? [] : [{ host: 'node-a' }])])
      for (const after of [{}, { after: [7, 'x'] as const }])
        for (const plan of plansOf(db, {
          kind,
          filters: {},
          limit: 3,
          // As every list is asked that asks for a time.
          sort: { field: 'created_at', descending: false },
          created_after_ms: 1,
          ...host,
          ...after,
        })) {
          expect(plan).not.toContain('TEMP B-TREE');
          expect(plan).toMatch(/^SEARCH .*uid[>=]/);
        }
  },
);

test.each(['hosts', 'dax_devices'] as const)('%s are found by their labels', (kind) => {
  const [plan] = plansOf(empty(), { kind, filters: {}, limit: 3, labels: [['rack', '7']] });
  expect(plan).toMatch(/SEARCH labels USING COVERING INDEX \w+ \(kind=\? AND name=\? AND value=\?\)/);
  expect(plan).not.toContain('SCAN');
});

test('labels that were stored before there were lists by them are found', () => {
  const db = before(17);
  const record = JSON.stringify({ labels: { rack: '7', 'a=b': '' } });
  db.exec(
    `INSERT INTO hosts (host, id, uid, revision, kernel, health, record) VALUES ('node-a', 'node-a', 'u', 1, 'v6.12', 'ok', '${record}')`,
  );
  migrate(db);
  const found = (labels: ListQuery['labels']): unknown =>
    listRows((sql) => db.prepare(sql), { kind: 'hosts', filters: {}, limit: 9, labels: labels! });
  expect(
    found([
      ['rack', '7'],
      ['a=b', ''],
    ]),
  ).toMatchObject({ items: [record] });
  expect(found([['rack', '8']])).toMatchObject({ items: [] });
});
