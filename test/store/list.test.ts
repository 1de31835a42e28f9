import { expect, test } from 'vitest';
import type { Connection } from '../../src/store/connection.ts';
import { Sqlite } from '../../src/store/driver.ts';
import { listPage, prepareIsRange } from '../../src/store/list.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { ListQuery, Place } from '../../src/store/port.ts';
import { columnsOf, isRangeWithinHost, KINDS, sortColumn } from '../../src/store/tables.ts';
import { before } from './support/before.ts';
import { listed } from '../support/listed.ts';

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

/** How SQLite would find the rows of a page: the plan of each statement that it takes, without how these are put together. */
function plansOf(db: Connection, query: ListQuery): string[] {
  const plans: string[] = [];
  const refused = listPage((sql) => {
    const statement = db.prepare<(string | number)[], { readonly detail: string }>(
      `EXPLAIN QUERY PLAN ${sql}`,
    );
    const values = Array.from({ length: (sql.match(/\?/g) ?? []).length }, () => 1);
    const plan = statement
      .all(...values)
      .map(({ detail }) => detail)
      .join('; ');
    const [, found] = /^CO-ROUTINE p; (.*?); SCAN p/.exec(plan)!;
    plans.push(found!);
    return db.prepare<(string | number)[]>(sql);
  }, query);
  expect(refused).not.toHaveProperty('code');
  return plans;
}

test('every kind of the API is sorted', () => {
  expect(new Set(SORTED.map(({ kind }) => kind)).size).toBe(14);
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
            const isWhole = after === undefined && !('host' in host);
            // Keys are the order of the table itself.
            const scan = field === 'created_at' ? /^SCAN r(;|$)/ : /^(SCAN|SEARCH) .* USING .*INDEX/;
            expect(plan).toMatch(isWhole ? scan : /^SEARCH/);
          }
        }
  },
);

test.each(SORTED.filter(({ field }) => field === 'created_at'))(
  '$kind of the fleet made in a time are a range of the index of times',
  ({ kind }) => {
    const db = empty();
    for (const after of [{}, { after: [7, 'x'] as const }])
      for (const plan of plansOf(db, {
        kind,
        filters: {},
        limit: 3,
        // As every list is asked that asks for a time.
        sort: { field: 'created_at', descending: false },
        created_after_ms: 1,
        ...after,
      })) {
        expect(plan).not.toContain('TEMP B-TREE');
        expect(plan).toMatch(/^SEARCH .*made_ms[>=]/);
      }
  },
);

test.each(['hosts', 'dax_devices'] as const)('%s are read along the rows of a label', (kind) => {
  for (const after of [{}, { after: [7] as const }])
    for (const plan of plansOf(empty(), { kind, filters: {}, limit: 3, labels: [['rack', '7']], ...after })) {
      expect(plan).toMatch(
        /^SEARCH l USING COVERING INDEX \w+ \(kind=\? AND name=\? AND value=\?( AND key>\?)?\)/,
      );
      expect(plan).toMatch(/SEARCH r USING INTEGER PRIMARY KEY \(rowid=\?\)(;|$)/);
    }
});

const RANGES: readonly Partial<ListQuery>[] = [
  {},
  { sort: { field: 'size', descending: true } },
  { sort: { field: 'created_at', descending: true }, created_after_ms: 1, created_before_ms: 9 },
  { filters: { mode: 'fsdax' } },
  { filters: { holders: 'not_told' } },
  { host: 'node-a' },
  { host: 'node-a', sort: { field: 'size', descending: false } },
  { host: 'node-a', filters: { state: 'gone' } },
  { host: 'node-a', filters: { state: 'gone' }, sort: { field: 'created_at', descending: false } },
  { labels: [['rack', '7']] },
];
const NONE: readonly Partial<ListQuery>[] = [
  { filters: { mode: 'fsdax', state: 'bound' } },
  { filters: { mode: 'fsdax' }, sort: { field: 'size', descending: false } },
  { filters: { kernel_release: '6.12.95' } },
  { host: 'node-a', filters: { mode: 'fsdax' } },
  { sort: { field: 'size', descending: false }, created_after_ms: 1 },
  { host: 'node-a', created_before_ms: 1 },
  { filters: { mode: 'fsdax' }, sort: { field: 'created_at', descending: false }, created_after_ms: 1 },
  { labels: [['rack', '7']], sort: { field: 'size', descending: false } },
  { labels: [['rack', '7']], host: 'node-a' },
  { labels: [['rack', '7']], filters: { mode: 'fsdax' } },
  {
    labels: [
      ['rack', '7'],
      ['row', 'a'],
    ],
  },
  { labels: [['rack', '7']], created_after_ms: 1 },
];

test.each(KINDS.filter((kind) => !['hosts', 'dax_devices'].includes(kind)))(
  '[LIST1] a page of %s by labels, which are not its own, may look at more rows than it shows',
  (kind) => {
    const isRange = prepareIsRange(empty());
    const page = { kind, filters: {}, limit: 4 } as const;
    expect(isRange(page)).toBe(true);
    expect(isRange({ ...page, labels: [['rack', '7']] })).toBe(false);
    // Who is labelled is looked up once, not for each row.
    for (const plan of plansOf(empty(), { ...page, labels: [['rack', '7']] }))
      expect(plan).not.toContain('CORRELATED');
  },
);

/** How many rows SQLite looks at for the second page of four in a fleet of so many devices. */
function visited(query: Partial<ListQuery>, devices: number): number {
  const db = empty();
  db.exec(`INSERT INTO hosts (key, id, uid_lo, kernel, health, record)
    VALUES (1, 'node-a', 'u', 'v6.12', 'ok', '{}'), (2, 'node-b', 'v', 'v6.12', 'ok', '{}')`);
  db.exec(`WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${String(devices)})
    INSERT INTO dax_devices (host, id, uid_hi, uid_lo, revision, mode, state, size, record)
    SELECT iif(n % 2, 1, 2), 'pmem' || n, 5 << 16, n, 1, 'fsdax', 'gone', n, '{}' FROM n`);
  db.exec(`INSERT INTO labels (kind, name, value, key, host)
    SELECT 'dax_devices', 'rack', '7', key, host FROM dax_devices`);
  let seen = 0;
  db.function('seen', (key: unknown) => {
    seen += 1;
    return key;
  });
  const last = query.sort?.field === 'created_at' ? 5 : 8;
  const page = { kind: 'dax_devices', filters: {}, limit: 4, after: [8, last], ...query } as const;
  const shown = listPage((sql) => db.prepare(sql.replace(' WHERE ', ' WHERE seen(r.key) AND ')), page);
  expect(listed(shown)).toEqual([{}, {}, {}, {}]);
  return seen;
}

test.each(RANGES)('a page of %j is a range: it looks at the rows that it shows', (query) => {
  expect(prepareIsRange(empty())({ kind: 'dax_devices', filters: {}, limit: 4, ...query })).toBe(true);
  // One more tells that there is a next page; one may be the last one of the page before.
  for (const devices of [40, 400]) expect(visited(query, devices)).toBeLessThanOrEqual(4 + 1 + 1);
});

test.each(NONE)('a page of %j may look at more rows than it shows', (query) => {
  expect(prepareIsRange(empty())({ kind: 'dax_devices', filters: {}, limit: 4, ...query })).toBe(false);
});

test('labels that were stored before there were lists by them are found', () => {
  const db = before(17);
  const record = JSON.stringify({ labels: { rack: '7', 'a=b': '' } });
  db.exec(
    `INSERT INTO hosts (host, id, uid, revision, kernel, health, record) VALUES ('node-a', 'node-a', 'u', 1, 'v6.12', 'ok', '${record}')`,
  );
  migrate(db);
  const found = (labels: ListQuery['labels']): unknown[] =>
    listed(listPage((sql) => db.prepare(sql), { kind: 'hosts', filters: {}, limit: 9, labels: labels! }));
  expect(
    found([
      ['rack', '7'],
      ['a=b', ''],
    ]),
  ).toMatchObject([JSON.parse(record)]);
  expect(found([['rack', '8']])).toEqual([]);
});

const FILTERS = KINDS.flatMap((kind) =>
  columnsOf(kind)
    .filter((field) => field !== 'labels')
    .map((field) => ({ kind, field })),
);

test.each(FILTERS)(
  '$kind by $field are a range of an index over the fleet, or of their host',
  ({ kind, field }) => {
    const db = empty();
    const query = { kind, filters: { [field]: 'x' }, limit: 3 } as const;
    expect(prepareIsRange(db)(query)).toBe(true);
    const [fleet = '', within = ''] = [query, { ...query, host: 'node-a' }].map((each) =>
      plansOf(db, each).join('; '),
    );
    for (const plan of [fleet, within]) expect(plan).not.toContain('TEMP B-TREE');
    expect(fleet).toMatch(new RegExp(`^SEARCH r USING (?:COVERING )?INDEX \\w+ \\("?${field}=\\?`));
    const rows = isRangeWithinHost(kind, field) ? `${field}=\\?` : '\\)';
    if (kind !== 'hosts')
      expect(within).toMatch(
        new RegExp(`^SEARCH r USING (?:COVERING )?INDEX \\w+ \\(host=\\?( AND )?${rows}`),
      );
  },
);
