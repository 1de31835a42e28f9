import { expect, test } from 'vitest';
import { prepareIdempotencyKeys } from '../../src/store/idempotency.ts';
import type { Connection } from '../../src/store/connection.ts';
import { addHost, before, migrateTo } from './support/before.ts';

const VERSION = 45;
const AT = (second: number): string => `2026-01-01T00:00:0${String(second)}.000Z`;

interface Former {
  readonly id: string;
  readonly through: string;
  readonly pages?: readonly (readonly [number, number])[];
  readonly writable?: boolean;
  readonly opened: number;
  readonly closed?: number;
  readonly more?: object;
}

/** A window as it was a record of its own. */
function former({ id, through, pages = [[0, 2]], writable = false, opened, closed, more = {} }: Former) {
  const count = pages.reduce((sum, [, nr_pages]) => sum + nr_pages, 0);
  return {
    ...{ uid: id, id, revision: 3, host: 'h', dax_device: 'pmem0', pid: 7, comm: 'db', tenant: 'a' },
    ...{ mapping: through.startsWith('v') ? through : null, pin: through.startsWith('p') ? through : null },
    ...{ reason: 'generation', generation: 1, to_generation: 2, to_tenant: 'b' },
    ...{ pages: count, writable_pages: writable ? count : 0, pfn_ranges: pages, open: closed === undefined },
    ...{ opened_by: `opened ${id}`, opened_at: AT(opened) },
    closed_by: closed === undefined ? null : `closed ${id}`,
    closed_at: closed === undefined ? null : AT(closed),
    ...more,
  };
}

function add(db: Connection, windows: readonly ReturnType<typeof former>[]): void {
  const insert = db.prepare(
    `INSERT INTO exposures (host, id, uid, revision, dax_device, mapping, pin, pid, tenant, to_tenant, open, pages, record)
     VALUES ('h', ?, ?, 3, 'pmem0', ?, ?, ?, 'a', ?, ?, ?, ?)`,
  );
  for (const one of windows) {
    const open = one.open ? 1 : 0;
    insert.run(
      ...[one.id, one.id, one.mapping, one.pin, one.pid, one.to_tenant, open, one.pages],
      JSON.stringify(one),
    );
  }
}

function stored(db: Connection, table: string): Record<string, unknown>[] {
  const records = db.prepare<[], string>(`SELECT record FROM ${table} ORDER BY key`).pluck().all();
  return records.map((record) => JSON.parse(record) as Record<string, unknown>);
}

function migrated(windows: readonly ReturnType<typeof former>[]): Connection {
  const db = before(VERSION);
  addHost(db);
  add(db, windows);
  migrateTo(db, VERSION);
  return db;
}

const window = (through: string, pages: number, writable_pages = 0) => ({
  mapping: through.startsWith('v') ? through : null,
  pin: through.startsWith('p') ? through : null,
  pages,
  writable_pages,
});

test('windows that were open become the windows of one exposure, whose pages count once', () => {
  const [first, ...others] = [
    former({ id: 'e1', through: 'v9', pages: [[0, 4]], opened: 1 }),
    former({ id: 'e2', through: 'p10', pages: [[2, 4]], writable: true, opened: 2 }),
    former({ id: 'e3', through: 'v8', pages: [[10, 1]], opened: 1, more: { to_tenant: 'c' } }),
    former({ id: 'e4', through: 'v7', opened: 1, closed: 3 }),
  ];
  const db = migrated([first, ...others]);
  const { mapping: _mapping, pin: _pin, ...kept } = first;
  expect(stored(db, 'exposures')).toEqual([
    {
      ...kept,
      revision: 4,
      to_tenant: 'c',
      windows: [window('v8', 1), window('v9', 4), window('p10', 4, 4)],
      pages: 7,
      writable_pages: 4,
      pfn_ranges: [
        [0, 6],
        [10, 1],
      ],
    },
  ]);
  expect(db.prepare('SELECT revision, to_tenant, open, pages FROM exposures').all()).toEqual([
    { revision: 4, to_tenant: 'c', open: 1, pages: 7 },
  ]);
});

test('windows that overlap in time close with the last; what reached again later opened another', () => {
  const db = migrated([
    former({ id: 'e1', through: 'v1', opened: 1, closed: 3 }),
    former({ id: 'e2', through: 'v2', opened: 2, closed: 4 }),
    former({ id: 'e3', through: 'v1', opened: 3, closed: 4 }),
    former({ id: 'e4', through: 'v1', opened: 5, closed: 6 }),
    former({ id: 'e5', through: 'v1', opened: 5, more: { pid: 8 } }),
    former({ id: 'e6', through: 'v1', opened: 5, more: { reason: 'tenant', to_tenant: null } }),
    former({ id: 'e7', through: 'v1', opened: 5, more: { reason: 'tenant' } }),
  ]);
  const told = stored(db, 'exposures').map(({ id, windows, closed_by, closed_at }) => [
    id,
    windows,
    closed_by,
    closed_at,
  ]);
  expect(told).toEqual([
    ['e1', [window('v1', 2), window('v2', 2)], 'closed e3', AT(4)],
    ['e4', [window('v1', 2)], 'closed e4', AT(6)],
    ...['e5', 'e6', 'e7'].map((id) => [id, [window('v1', 2)], null, null]),
  ]);
});

test('of many windows it names a hundred, and what their ranges leave out counts for each', () => {
  const many = Array.from({ length: 101 }, (_, at) =>
    former({ id: `e${String(at)}`, through: `v${String(at)}`, pages: [[at, 1]], opened: 1 }),
  );
  const cut = { pages: 5, writable_pages: 3 };
  const db = migrated([
    ...many,
    former({ id: 'e101', through: 'v101', pages: [[0, 1]], opened: 1, more: cut }),
  ]);
  const [one] = stored(db, 'exposures');
  expect(one).toMatchObject({ cut: { windows: 102 }, pages: 105, writable_pages: 3, pfn_ranges: [[0, 101]] });
  expect(one!['windows']).toHaveLength(100);
});

test('the report of a removal and a kept answer name those that are left', () => {
  const db = before(VERSION);
  addHost(db);
  const two = Array.from({ length: 3 }, (_, at) =>
    former({ id: `a${String(at)}`, through: `v${String(at)}`, opened: 1, closed: 2 }),
  );
  const next = Array.from({ length: 102 }, (_, at) =>
    former({ id: `b${String(at)}`, through: 'v1', opened: 3, more: { to_generation: 3, pid: 100 + at } }),
  );
  add(db, [...two, ...next]);
  const removal = db.prepare(
    `INSERT INTO removals (host, id, uid, revision, dax_device, kernel, trigger, state, record)
     VALUES ('h', ?, ?, 5, 'pmem0', 'v6.12', 'unbind', 'completed', ?)`,
  );
  const report = (exposures: readonly { id: string }[], cut: object) =>
    JSON.stringify({
      revision: 5,
      report: { exposures: exposures.slice(0, 100).map(({ id }) => id) },
      ...cut,
    });
  removal.run('r1', 'r1', report(two, { cut: { exposures: 3 } }));
  removal.run('r2', 'r2', report(next, { cut: { exposures: 102, hazards: 400 } }));
  removal.run('r3', 'r3', report([], {}));
  db.prepare(
    `INSERT INTO idempotency_keys (key, fingerprint, reply, seq, created_at) VALUES ('k', 'f', ?, 3, ?)`,
  ).run(JSON.stringify({ answer: null, exposures: two }), AT(1));
  migrateTo(db, VERSION);
  expect(stored(db, 'removals')).toEqual([
    { revision: 6, report: { exposures: ['a0'] } },
    {
      revision: 6,
      report: { exposures: next.slice(0, 100).map(({ id }) => id) },
      cut: { exposures: 102, hazards: 400 },
    },
    { revision: 5, report: { exposures: [] } },
  ]);
  expect(prepareIdempotencyKeys(db).find('k', AT(1))?.reply).toMatchObject({
    answer: null,
    exposures: [
      { id: 'a0', open: true, closed_by: null, windows: two.map((_one, at) => window(`v${String(at)}`, 2)) },
    ],
  });
});
