import { beforeEach, expect, test } from 'vitest';
import { decide } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/model/command.ts';
import type { Connection } from '../../src/store/connection.ts';
import { eventId } from '../../src/store/event_id.ts';
import { prepareFleet } from '../../src/store/load_fleet.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createReads } from '../../src/store/read.ts';
import { prepareReplay } from '../../src/store/replay.ts';
import { createKnown } from '../../src/store/known.ts';
import { prepareShapes } from '../../src/store/shapes.ts';
import { addHost, before } from './support/before.ts';
import { memoryWriter } from './support/memory_writer.ts';
import { mappedAndPinned } from './support/scenario.ts';

let db: Connection;
let run: (command: Command, host?: string) => void;

beforeEach(() => {
  let uids = 0;
  const uid = (): string => `019c2f00-0000-7000-8000-${String((uids += 1)).padStart(12, '0')}`;
  const writer = memoryWriter({ decide, uid });
  const { transact } = writer;
  db = writer.db;
  run = (command, host = 'node-a') => {
    const [settled] = transact([{ host, command }]).settled;
    expect(settled).toMatchObject({ submitted: { status: 'done' } });
  };
  for (const command of mappedAndPinned('node-a', 'v6.12')) run(command);
});

/** Bytes of the events that a command adds. */
function bytesOf(command: Command): number {
  const sum = db
    .prepare<[], number>(
      `SELECT sum(length(type) + length(subject) + length(coalesce(data, '')) + length(changes) + 12) FROM events`,
    )
    .pluck();
  const former = sum.get()!;
  run(command);
  return sum.get()! - former;
}

const page = { offset: 4096, length: 4096 } as const;
const SMALL: readonly Command[] = [
  { type: 'create_process', pid: 7, comm: 'again' },
  { type: 'create_mapping', pid: 42, file: 'f3', flags: ['shared'], prot: 'rw', ...page, page_size: 4096 },
  { type: 'access', mapping: 'v4', kind: 'write', offset: 0, length: 1 },
  { type: 'create_pin', pid: 42, mapping: 'v4', ...page, kind: 'transient', holder: 'direct_io' },
  { type: 'unpin', pin: 'p5' },
];

test.each(SMALL)('the events of $type have no more than 300 bytes, without whom they concern', (command) => {
  expect(bytesOf(command)).toBeLessThanOrEqual(300);
});

test('an event has an id of its own that tells its time, and keeps it', async () => {
  const reads = createReads(db);
  const { items } = await reads.events({ after: 0, limit: 99 });
  const ids = items.map(({ id }) => id);
  expect(new Set(ids).size).toBe(items.length);
  const millisecondsHex = Date.parse('2030-01-01T00:00:00.000Z').toString(16).padStart(12, '0');
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id.replace('-', '').slice(0, 12)).toBe(millisecondsHex);
  }
  expect((await reads.events({ after: 3, limit: 2, host: 'node-a' })).items).toEqual(items.slice(3, 5));
  expect((await reads.events({ after: 0, limit: 9, host: 'nobody' })).items).toEqual([]);
});

test('ids of the same event differ between stores', () => {
  expect(eventId(-1n, 7, 1)).not.toBe(eventId(1n, 7, 1));
  expect(eventId(-1n, 2 ** 39, 1)).toMatch(/^00000000-0001-7fff-bfff-ff8000000000$/);
});

test('events of an earlier release keep their ids, times, data and changes', async () => {
  const old = before(42);
  addHost(old);
  const put = { op: 'put', kind: 'hosts', id: 'h', record: { uid: 'u', host: 'h', revision: 1, next_id: 2 } };
  old
    .prepare(`INSERT INTO events (id, host, type, subject, at, data, changes) VALUES (?, ?, ?, ?, ?, ?, ?)`)
    .run(
      '01a20875-60d9-7736-bada-f0a3e5da575b',
      'gone',
      'host_created',
      'hosts/gone',
      '2026-11-23T12:50:39.065Z',
      '{"kernel":"v6.12"}',
      JSON.stringify([put]),
    );
  migrate(old);
  const { items } = await createReads(old).events({ after: 0, limit: 9 });
  expect(items).toEqual([
    {
      seq: 1,
      id: '01a20875-60d9-7736-bada-f0a3e5da575b',
      host: 'gone',
      type: 'host_created',
      subject: 'hosts/gone',
      at: '2026-11-23T12:50:39.065Z',
      request_id: null,
      traceparent: null,
      actor: null,
      dax_device: null,
      tenant: null,
      data: '{"kernel":"v6.12"}',
    },
  ]);
  expect([...prepareReplay(old)('gone').tables.hosts.values()]).toEqual([put.record]);
});

test('a shape that a rollback took is stored again', () => {
  const known = createKnown();
  const shapes = prepareShapes(db, known);
  db.exec('SAVEPOINT command');
  const first = shapes.keyOf(['a', 'b']);
  db.exec('ROLLBACK TO command');
  db.exec('RELEASE command');
  known.forget();
  const other = shapes.keyOf(['c']);
  const again = shapes.keyOf(['a', 'b']);
  expect([first, again === other, shapes.keyOf(['a', 'b'])]).toEqual([other, false, again]);
});

test('hosts that have changed are the same by their events as by their last ones', () => {
  const fleet = prepareFleet(db);
  run({ type: 'create_host', name: 'node-b', kernel: 'v6.12' }, 'node-b');
  const seq = fleet.lastSeq();
  for (let pid = 1; pid <= 1_001; pid += 1) run({ type: 'create_process', pid: 100 + pid, comm: 'a' });
  for (const [since, names] of [
    [0, ['node-a', 'node-b']],
    [seq, ['node-a']],
    [seq + 1, ['node-a']],
    [fleet.lastSeq(), []],
  ] as const)
    expect(fleet.changedSince(since)).toEqual(names);
});
