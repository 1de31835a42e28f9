import { expect, test } from 'vitest';
import { decideAtOnce } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/model/command.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { prepareLoad } from '../../src/store/load.ts';
import type { BatchResult, Decide } from '../../src/store/transact.ts';
import { memoryWriter } from './support/memory_writer.ts';

const BEGINNING: readonly Command[] = [
  { type: 'create_host', name: 'h', kernel: 'v6.12' },
  { type: 'create_dax_device', name: 'dax0.0', mode: 'devdax', size: 2 ** 26 },
  { type: 'create_process', pid: 1, comm: 'a' },
];
const UNBIND: Command = { type: 'remove_dax_device', dax_device: 'dax0.0', trigger: 'unbind' };

/** A writer of a host that is about to lose a device. */
function writer(decide: Decide = decideAtOnce) {
  const { db, transact } = memoryWriter({ decide });
  const run = (command: Command): BatchResult => transact([{ host: 'h', command }]);
  for (const command of BEGINNING) run(command);
  const removal = (): RemovalRecord => prepareLoad(db)('h').tables.removals.first()!;
  return { db, run, removal };
}

/** The engine with a bug in the step of that number, which leaves the host half changed, so many times. */
function faulty(step: number, times: number): Decide {
  let left = times;
  return (host, command, context) => {
    const done = host.tables.removals.first()?.steps.filter(({ state }) => state === 'done').length;
    if (command.type !== 'advance_removal' || done !== step || left === 0)
      return decideAtOnce(host, command, context);
    left -= 1;
    host.tables.processes.delete('1');
    throw new TypeError('a bug in a step');
  };
}

test('what the steps behind a command change of a record is written once', () => {
  const { db, run, removal } = writer();
  db.exec(`CREATE TEMP TABLE updates (name);
    CREATE TEMP TRIGGER of_removals AFTER UPDATE ON main.removals BEGIN INSERT INTO updates VALUES ('removal'); END;
    CREATE TEMP TRIGGER of_devices AFTER UPDATE ON main.dax_devices BEGIN INSERT INTO updates VALUES ('device'); END`);
  run(UNBIND);
  expect(removal().steps.length).toBeGreaterThan(3);
  // The device by the command, too.
  expect(db.prepare('SELECT name FROM updates').pluck().all()).toEqual(['device', 'device', 'removal']);
});

test('a step that fails leaves those before it, and the executor goes on', () => {
  const { db, run, removal } = writer(faulty(2, 2));
  const { settled, commit } = run(UNBIND);
  expect(settled).toMatchObject([{ submitted: { status: 'done' } }]);
  expect(commit?.removals).toMatchObject([{ state: 'running', before: null }]);
  expect(
    removal()
      .steps.map(({ state }) => state)
      .slice(0, 3),
  ).toEqual(['done', 'done', 'pending']);
  expect(db.prepare('SELECT count(*) FROM processes').pluck().get()).toBe(1);
  const { id } = removal();
  expect(run({ type: 'advance_removal', removal: id }).commit?.removals).toMatchObject([
    { state: 'completed' },
  ]);
  const seqs = db.prepare<[], number>('SELECT seq FROM events').pluck().all();
  expect(seqs).toEqual(seqs.map((_seq, at) => at + 1));
});

test('a removal and its steps store the same, whether one of them has failed or not', () => {
  const [whole, failed] = [writer(), writer(faulty(2, 1))];
  for (const { run } of [whole, failed])
    expect(run(UNBIND).commit?.removals).toMatchObject([{ state: 'completed' }]);
  const [expected, stored] = [whole.removal(), failed.removal()];
  // What was rolled back had been given a uid, too.
  expect(stored.uid).not.toBe(expected.uid);
  expect(JSON.parse(JSON.stringify(stored).replaceAll(stored.uid, expected.uid))).toEqual(expected);
});
