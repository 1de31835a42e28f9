import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { beginTurn, betweenTurns, createOwnReads, endTurn, isReading } from '../../src/runtime/own_reads.ts';
import { prepareSharedRead } from '../../src/runtime/shared_read.ts';
import { watchCheckpoints } from '../../src/store/checkpoint.ts';
import { openWriteConnection } from '../../src/store/connection.ts';
import { Sqlite } from '../../src/store/driver.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A number in a file that one connection writes and another one reads in turns. */
function counted() {
  const folder = mkdtempSync(join(tmpdir(), 'daxplane-shared-'));
  folders.push(folder);
  const path = join(folder, 'test.db');
  const writer = openWriteConnection(path);
  writer.exec('CREATE TABLE counts (count INTEGER NOT NULL); INSERT INTO counts VALUES (1)');
  const said: unknown[] = [];
  const reader = new Sqlite(path, { verbose: (sql) => void said.push(sql) });
  const reads = createOwnReads();
  const shared = prepareSharedRead(reader, reads);
  const read = (): unknown => {
    shared.begin();
    return reader.prepare('SELECT count FROM counts').pluck().get();
  };
  const write = () => writer.exec('UPDATE counts SET count = count + 1');
  return { path, writer, reader, reads, shared, read, write, said };
}

test('what is read within a turn is of one state, in one transaction; the next turn reads what is there then', async () => {
  const { reader, read, write, said } = counted();
  const first = read();
  write();
  expect([first, read(), read()]).toEqual([1, 1, 1]);
  await turn();
  expect(said.filter((sql) => sql === 'BEGIN' || sql === 'COMMIT')).toEqual(['BEGIN', 'COMMIT']);
  expect(reader.inTransaction).toBe(false);
  expect(read()).toBe(2);
});

test('the state of a turn has a number, which is another one once somebody has written', async () => {
  const { reads, shared, write } = counted();
  const first = shared.begin();
  write();
  const again = shared.begin();
  await turn();
  const second = shared.begin();
  await turn();
  expect([again, shared.begin()]).toEqual([first, second]);
  expect([typeof first, second === first]).toEqual(['number', false]);
  shared.end();
  expect(betweenTurns(reads, shared.begin)).toBeNull();
});

test('what is read once a turn was ended early is of a state of then', () => {
  const { shared, read, write } = counted();
  read();
  write();
  shared.end();
  expect(read()).toBe(2);
});

test('a transaction that SQLite has rolled back by itself is ended', async () => {
  const { reader, read } = counted();
  read();
  reader.exec('ROLLBACK');
  await turn();
  expect(read()).toBe(1);
});

test('where a checkpoint is being made each read is for itself', () => {
  const { reader, reads, read } = counted();
  const inTransaction = betweenTurns(reads, () => [read(), reader.inTransaction]);
  expect(inTransaction).toEqual([1, false]);
  expect(isReading(reads)).toBe(false);
  read();
  expect(reader.inTransaction).toBe(true);
});

test('a checkpoint waits for the end of the turn that goes on', async () => {
  const reads = createOwnReads();
  expect(beginTurn(reads)).toBe(true);
  const ending = `const { workerData: reads } = require('node:worker_threads');
    while (Atomics.load(reads, 2) === 0);
    Atomics.store(reads, 1, 0);
    Atomics.notify(reads, 1);`;
  const worker = new Worker(ending, { eval: true, workerData: reads });
  const goesOn = betweenTurns(reads, () => Atomics.load(reads, 1), Number.POSITIVE_INFINITY);
  expect(goesOn).toBe(0);
  await worker.terminate();
});

test('a turn that does not end is not waited for', () => {
  const reads = createOwnReads();
  beginTurn(reads);
  expect(betweenTurns(reads, () => 'made')).toBe('made');
  endTurn(reads);
  expect(beginTurn(reads)).toBe(true);
});

test('a turn that outlasts the patience is told as a read of ours', () => {
  const { path, writer, reads, shared, read, write } = counted();
  read();
  write();
  const { retry, state } = watchCheckpoints(
    {
      db: writer,
      path,
      walBytesMax: 0,
      isOwnRead: () => isReading(reads),
      undisturbed: (act) => betweenTurns(reads, act),
    },
    () => undefined,
  );
  expect(state().degraded).toMatch(/or a turn of the HTTP thread, reads an old state/);
  shared.end();
  retry();
  expect(state().degraded).toBeNull();
});
