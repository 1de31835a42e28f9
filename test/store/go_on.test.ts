import { expect, test } from 'vitest';
import { decideAtOnce } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/model/command.ts';
import type { Change } from '../../src/engine/model/event.ts';
import type { RemovalRecord } from '../../src/engine/model/removal.ts';
import { nothingApplied } from '../../src/store/applied.ts';
import type { Attempt, Together } from '../../src/store/attempt.ts';
import { prepareGoOn } from '../../src/store/go_on.ts';
import { prepareLoad } from '../../src/store/load.ts';
import type { RemovalMark } from '../../src/store/port.ts';
import type { BatchResult, Decide } from '../../src/store/transact.ts';
import { memoryWriter } from './support/memory_writer.ts';

const BEGINNING: readonly Command[] = [
  { type: 'create_host', name: 'h', kernel: 'v6.12' },
  { type: 'create_dax_device', name: 'dax0.0', mode: 'devdax', size: 2 ** 26, align: 4096 },
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

test('what a command and the steps behind it change of a record is written once', () => {
  const { db, run, removal } = writer();
  db.exec(`CREATE TEMP TABLE updates (name);
    CREATE TEMP TRIGGER of_removals AFTER UPDATE ON main.removals BEGIN INSERT INTO updates VALUES ('removal'); END;
    CREATE TEMP TRIGGER of_devices AFTER UPDATE ON main.dax_devices BEGIN INSERT INTO updates VALUES ('device'); END`);
  run(UNBIND);
  expect(removal().steps.length).toBeGreaterThan(3);
  // The removal is a new row.
  expect(db.prepare('SELECT name FROM updates').pluck().all()).toEqual(['device']);
});

test('what was mapped before a removal that ends in its commit is never stored', () => {
  const { db, run, removal } = writer();
  for (let page = 0; page < 202; page += 2)
    run({
      type: 'create_mapping',
      pid: 1,
      dax_device: 'dax0.0',
      flags: ['shared'],
      prot: 'rw',
      offset: page * 4096,
      length: 4096,
      populate: 'write',
    });
  db.exec(`CREATE TEMP TABLE stored (removal);
    CREATE TEMP TRIGGER of_mapped AFTER INSERT ON main.mapped_before BEGIN INSERT INTO stored VALUES (new.removal); END`);
  run(UNBIND);
  expect(removal()).toMatchObject({ state: 'completed', cut: { mapped_before: 101 } });
  expect(db.prepare('SELECT removal FROM stored').pluck().all()).toEqual([]);
});

test.each([
  [
    'that gave a device another name writes its rows before',
    'delete',
    ['begun', 'written', 'begun', 'step', 'written'],
  ],
  ['has them written at the end of these', 'put', ['begun', 'step', 'written']],
] as const)('a command behind which steps go on %s', (_what, op, expected) => {
  const did: string[] = [];
  const attempt: Attempt = (_host, act) => {
    did.push('begun');
    const together: Together = { host: null, applied: nothingApplied(), marks: [] };
    const done = act(together);
    did.push('written');
    return { done, marks: together.marks };
  };
  const mark: RemovalMark = {
    host: 'h',
    removal: 'r1',
    uid: 'u',
    state: 'running',
    before: null,
    origin: null,
  };
  const { bold } = prepareGoOn({ bold: attempt, careful: attempt }, () => void did.push('step'));
  const change = { op, kind: 'dax_devices', id: 'pmem0' } as Change;
  const act = ({ applied, marks }: Together): void => {
    applied.events.push({ type: 'dax_device_changed', subject: '', data: {}, changes: [change] });
    marks.push(mark);
  };
  expect(bold('h', act, () => false).marks).toEqual([mark]);
  expect(did).toEqual(expected);
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
