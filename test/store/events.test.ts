import { beforeEach, expect, test } from 'vitest';
import { decideAtOnce } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/model/command.ts';
import type { EventType } from '../../src/engine/model/event.ts';
import type { Connection } from '../../src/store/connection.ts';
import { isEventRange } from '../../src/store/events.ts';
import type { EventQuery, Origin, StoredEvent } from '../../src/store/port.ts';
import { createReads } from '../../src/store/read.ts';
import { prepareTransact } from '../../src/store/transact.ts';
import { memoryWriter } from './support/memory_writer.ts';
import { mappedAndPinned } from './support/scenario.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const originOf = (request_id: string): Origin => ({ request_id, traceparent: TRACE, actor: 'anonymous@::1' });
const UUID = '0b8e6c9a-56a1-4d3f-9a53-000000000001';

let db: Connection;
let run: (command: Command, origin?: Origin) => void;
const events = async (query: Partial<EventQuery> = {}): Promise<readonly StoredEvent[]> =>
  (await createReads(db).events({ limit: 500, ...query })).items;
const concerned = async (type: EventType): Promise<unknown[]> =>
  (await events({ types: [type] })).map(({ dax_device, tenant }) => [dax_device, tenant]);

beforeEach(() => {
  const writer = memoryWriter();
  const { transact } = writer;
  db = writer.db;
  run = (command, origin) => {
    const work = { host: 'node-a', command, ...(origin === undefined ? {} : { origin }) };
    expect(transact([work]).settled).toMatchObject([{ submitted: { status: 'done' } }]);
  };
  for (const command of mappedAndPinned('node-a', 'v5.10')) run(command, originOf(UUID));
});

test.each([UUID, 'own', '4bf92f3577b34da6a3ce929d0e0e4736', UUID.toUpperCase()])(
  'an event tells who asked for it, in request %s',
  async (request_id) => {
    run({ type: 'create_process', pid: 7, comm: 'a' }, originOf(request_id));
    expect((await events()).at(-1)).toMatchObject(originOf(request_id));
    run({ type: 'create_process', pid: 8, comm: 'a' });
    expect((await events()).at(-1)).toMatchObject({ request_id: null, traceparent: null, actor: null });
  },
);

test('steps of a removal have the origin of who began it, and those behind a wait of who woke it', async () => {
  const by = async (after: number) => new Set((await events({ after })).map(({ request_id }) => request_id));
  const last = async () => (await events({ newest_first: true, limit: 1 }))[0]!;
  const { seq } = await last();
  run({ type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' }, originOf('begins'));
  expect(await by(seq)).toEqual(new Set(['begins']));
  const waits = await last();
  expect(waits.type).toBe('removal_waiting');
  run({ type: 'unpin', pin: 'p5' }, originOf('wakes'));
  expect(await by(waits.seq)).toEqual(new Set(['wakes']));
  expect((await events({ after: waits.seq })).map(({ type }) => type)).toContain('removal_completed');
});

test('a removal that is found running has the origin of its last event', async () => {
  // Its turn is over behind each command, so its steps are left.
  const transact = prepareTransact(db, {
    ...memoryWriter(),
    decide: decideAtOnce,
    startTurn: () => () => true,
    cacheBytes: 2 ** 20,
    retention: { days: null, events: null },
  });
  const remove = { type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' } as const;
  transact([{ host: 'node-a', command: remove, origin: originOf(UUID) }]);
  run({ type: 'create_process', pid: 9, comm: 'other' }, originOf('other'));
  const [running, ...others] = await createReads(db).runningRemovals();
  expect(others).toEqual([]);
  expect(running).toEqual({ host: 'node-a', removal: running?.removal, origin: originOf(UUID) });
  db.exec('DELETE FROM events');
  expect(await createReads(db).runningRemovals()).toMatchObject([{ origin: null }]);
});

test('an event concerns the device that its subject is on, and of a process its tenant', async () => {
  run({ type: 'create_process', pid: 43, comm: 'a', tenant: 'blue' });
  const page = { offset: 0, length: 4096, page_size: 4096 } as const;
  run({ type: 'create_mapping', pid: 43, file: 'f3', flags: ['shared'], prot: 'r', ...page });
  run({ type: 'unpin', pin: 'p5' });
  run({ type: 'exit_process', pid: 43 });
  expect(await concerned('host_created')).toEqual([[null, null]]);
  expect(await concerned('dax_device_created')).toEqual([['pmem0', 'red']]);
  expect(await concerned('mount_created')).toEqual([['pmem0', 'red']]);
  expect(await concerned('file_created')).toEqual([['pmem0', 'red']]);
  expect(await concerned('process_created')).toEqual([
    [null, null],
    [null, 'blue'],
  ]);
  expect(await concerned('mapping_created')).toEqual([
    ['pmem0', null],
    ['pmem0', 'blue'],
  ]);
  expect(await concerned('pin_created')).toEqual([['pmem0', null]]);
  expect(await concerned('pin_deleted')).toEqual([['pmem0', null]]);
  expect(await concerned('process_ended')).toEqual([[null, 'blue']]);
});

test('what is deleted concerned whom it did before, and what is renamed or handed over whom it does then', async () => {
  run({ type: 'patch_dax_device', dax_device: 'pmem0', tenant: 'green' });
  expect((await concerned('dax_device_changed')).at(-1)).toEqual(['pmem0', 'green']);
  run({ type: 'unpin', pin: 'p5' });
  run({ type: 'munmap', mapping: 'v4' });
  run({ type: 'umount', mount: 'm2', lazy: false });
  run({ type: 'remove_dax_device', dax_device: 'pmem0', trigger: 'unbind' });
  expect(await concerned('mapping_deleted')).toEqual([['pmem0', null]]);
  expect(await concerned('removal_started')).toEqual([['pmem0', 'green']]);
  run({ type: 'delete_dax_device', dax_device: 'pmem0' });
  expect(await concerned('dax_device_deleted')).toEqual([['pmem0', 'green']]);
});

const FILTERS: readonly Partial<EventQuery>[] = [
  {},
  { host: 'node-a' },
  { dax_device: 'pmem0' },
  { tenant: 'red' },
  { types: ['mount_created'] },
  { types: ['mount_created', 'process_created', 'mount_created', 'pin_created'] },
  { tenant: 'red', host: 'node-a' },
  { dax_device: 'pmem0', types: ['mount_created', 'file_created'] },
  { host: 'nobody' },
];

test.each(FILTERS)('pages of %j are together what is all of it, in either order', async (filter) => {
  const { host, dax_device, tenant, types } = filter;
  const expected = (await events()).filter(
    (event) =>
      (host === undefined || event.host === host) &&
      (dax_device === undefined || event.dax_device === dax_device) &&
      (tenant === undefined || event.tenant === tenant) &&
      (types === undefined || types.includes(event.type)),
  );
  for (const newest_first of [false, true]) {
    const paged: StoredEvent[] = [];
    for (let after: number | undefined; ; after = paged.at(-1)!.seq) {
      const from = after === undefined ? {} : { after };
      const page = await events({ ...filter, ...from, newest_first, limit: 2 });
      paged.push(...page);
      if (page.length < 2) break;
    }
    expect(paged).toEqual(newest_first ? expected.toReversed() : expected);
  }
});

test('a page ends before it has 256 KiB of data, and a larger event is a page by itself', async () => {
  const { as_of } = await createReads(db).events({ limit: 1 });
  const insert = db.prepare(`INSERT INTO events (host, at_ms, type, subject, data, changes)
    SELECT host, at_ms, type, subject, ?, changes FROM events WHERE seq = 1`);
  // In bytes: a character may have three.
  const sized = (bytes: number): string => JSON.stringify({ text: '€'.repeat((bytes - 11) / 3) });
  for (const kib of [100, 100, 100, 300, 1, 200, 56]) insert.run(sized(kib * 1_024));
  for (const types of [undefined, ['host_created', 'mount_created']] as const) {
    const pages: number[] = [];
    for (let after = as_of; ; ) {
      const page = await createReads(db).events({
        after,
        limit: 500,
        ...(types === undefined ? {} : { types }),
      });
      pages.push(page.items.length);
      if (!page.is_full) break;
      after = page.items.at(-1)!.seq;
    }
    expect(pages).toEqual([2, 1, 1, 2, 1]);
  }
  const last = { newest_first: true, after: as_of + 5, limit: 500 };
  expect(await createReads(db).events(last)).toMatchObject({ items: [{ seq: as_of + 4 }], is_full: true });
});

test.each(FILTERS.filter((filter) => isEventRange({ ...filter, limit: 1 })))(
  'a page of %j is ranges of indexes',
  async (filter) => {
    const asked: string[] = [];
    const watched = new Proxy(db, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (name === 'prepare')
          return (sql: string) => {
            asked.push(sql);
            return target.prepare(sql);
          };
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const reads = createReads(watched);
    for (const newest_first of [false, true])
      for (const after of [undefined, 3])
        await reads.events({ ...filter, ...(after === undefined ? {} : { after }), newest_first, limit: 2 });
    const pages = asked.filter((sql) => sql.includes('FROM events '));
    expect(pages.length).toBeGreaterThan(0);
    const details = pages.flatMap((sql) => {
      const values = sql
        .split('?')
        .slice(1)
        .map(() => null);
      return db
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...values)
        .map((row) => (row as { readonly detail: string }).detail);
    });
    const scanned = details.filter((detail) => /^SCAN (events|e)\b/.test(detail));
    // Of no filter that is the journal itself, in its order.
    const isAll = Object.keys(filter).length === 0;
    expect(scanned.length > 0).toBe(isAll);
    // Nothing is sorted but the rows of the page, which several ranges give together.
    expect(details.some((detail) => detail.includes('TEMP B-TREE'))).toBe((filter.types?.length ?? 1) > 1);
  },
);
